"""Recipes to eject: those that must agree with PyTorch, and all that a script may have to say."""

import itertools

from paribus.data import Digits, Function, ImageFolder
from paribus.data.base import Normalize
from paribus.models import CNN, MLP, Convolution, Pool
from paribus.models.lenet import SMALL_LENET
from paribus.objectives import Penalties
from paribus.optimizers import SGD, Adam, AdamW, Constant, Cosine, StepDecay
from paribus.training import EarlyStopping, Recipe

BASE = Recipe(
    data=Digits(),
    model=MLP(hidden=(32, 16), activation="tanh"),
    optimizer=SGD(learning_rate=0.1),
    batch_size=72,  # 20 steps an epoch, the last of 69 examples
    epochs=10,
)
MODELS = {"MLP": {}, "LeNet": {"model": SMALL_LENET}}
OPTIMIZERS = {
    "SGD": {"optimizer": SGD(learning_rate=0.02, momentum=0.9)},
    "Adam": {"optimizer": Adam(learning_rate=1e-3)},
    "AdamW": {"optimizer": AdamW(learning_rate=1e-3)},
}
CASES = {
    f"{model} {optimizer}": MODELS[model] | OPTIMIZERS[optimizer]
    for model, optimizer in itertools.product(MODELS, OPTIMIZERS)
}
DOUBLE = {"precision": "float64"}
KERNELS = CNN(
    convolutions=(
        Convolution(channels=6, kernel=(3, 5), stride=(1, 2), padding=(0, 1), pool=Pool()),
        Convolution(channels=4, kernel=(2, 1), pool=Pool(mode="average", size=(2, 1))),
    ),
    hidden=(),
)


FEATURES = {
    "kl divergence and l1 and steps": {
        "loss": "kl_divergence",
        "penalties": Penalties(l1=1e-4),
        "optimizer": SGD(
            learning_rate=0.05,
            momentum=0.9,
            weight_decay=1e-3,
            schedule=StepDecay(every=3, factor=0.5),
        ),
        "data": Digits(normalization=Normalize(mean=(0.5,), std=(0.5,))),
    },
    "squares and l2 and softmax and cosine": {
        "loss": "mean_squared_error",
        "penalties": Penalties(l2=1e-4),
        "model": MLP(hidden=(16,), output="softmax"),
        "optimizer": AdamW(learning_rate=1e-3, weight_decay=0.0, schedule=Cosine(final=0.1)),
        "data": Digits(validation=300),
    },
    "random labels and cosine after warm-up": {
        "data": Digits(random_labels=0.5, validation=100),
        "optimizer": Adam(learning_rate=1e-3, b1=0.8, epsilon=1e-6, schedule=Cosine(warmup=2.0)),
        "evaluate": 3,
    },
    "regression and both penalties and warm-up": {
        "data": Function(name="sinc", examples=97),
        "loss": "mean_squared_error",
        "batch_size": 5,
        "penalties": Penalties(l1=1e-5, l2=1e-5),
        "optimizer": SGD(learning_rate=0.05, schedule=Constant(warmup=1.5)),
        "evaluate": "end",
    },
    "full batch and warm-up to the end": {
        "batch_size": 5000,
        "optimizer": SGD(learning_rate=0.5, schedule=Cosine(warmup=20.0)),
    },
    "step after warm-up": {
        "optimizer": SGD(learning_rate=0.1, schedule=StepDecay(every=3, factor=0.5, warmup=0.5)),
        "matmul_precision": "tensorfloat32",
    },
    "stopped early": {
        "optimizer": SGD(learning_rate=0.1, schedule=Cosine(final=0.5, warmup=1.0)),
        "data": Digits(validation=50),
        "early_stopping": EarlyStopping(patience=1, change=0.5),
    },
    "stopped at a threshold": {"loss_threshold": 1.5},
    "kernels": {"model": KERNELS},
    "linear": {"model": MLP(hidden=())},
}
"""Runs that have between them all that a script may have to say."""
COLOUR = ("colour", "colour convolutions")


def colour_cases(folder):
    """Perceptron and convolutions on pictures whose channels are normalized each its own way."""
    per_channel = Normalize(mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 0.2))
    pictures = ImageFolder(folder=folder, mode="color", normalization=per_channel)
    shared = {"data": pictures, "batch_size": 6}
    convolutional = CNN(convolutions=(Convolution(channels=3, kernel=3),), hidden=(8,))
    return dict(zip(COLOUR, [shared, shared | {"model": convolutional}], strict=True))
