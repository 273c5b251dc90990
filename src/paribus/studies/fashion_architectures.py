"""What does an architecture buy on Fashion-MNIST? Report B, all its seventeen."""

from paribus import claims, figures
from paribus.data.digits import Digits
from paribus.data.idx_images import FashionMNIST
from paribus.design.factor import Factor
from paribus.models.cnn import CNN, Convolution, Pool
from paribus.models.initialize import Initialization
from paribus.models.mlp import MLP
from paribus.optimizers.adam import AdamW
from paribus.study.scaled import Reported
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

# label: hidden widths, activation
PERCEPTRONS: dict[str, tuple[tuple[int, ...], str]] = {
    "0": ((), "identity"),
    "1": ((128,), "sigmoid"),
    "2": ((128,), "tanh"),
    "3": ((128,), "hard_tanh"),
    "4": ((128,), "mish"),
    "5": ((128,), "leaky_relu"),
    "6": ((128,), "relu"),
    "7": ((115, 115), "relu"),
    "8": ((125, 27), "relu"),
    "9": ((512,), "relu"),
    "10": ((350, 350), "relu"),
    "11": ((400, 128), "relu"),
    "12": ((5,), "relu"),
    "13": ((512, 256, 128, 64, 32, 16), "relu"),
    "14": ((256, 64, 128), "relu"),
    "15": ((512, 256, 64, 256, 10), "relu"),
}

# label: means over five runs of accuracy, precision and recall on the test set
PRINTED = {
    "0": (0.8394, 0.838951, 0.840418),
    "1": (0.8606, 0.862840, 0.861921),
    "2": (0.8763, 0.879838, 0.877457),
    "3": (0.8806, 0.885084, 0.881755),
    "4": (0.8777, 0.883246, 0.879091),
    "5": (0.8777, 0.883389, 0.879367),
    "6": (0.8785, 0.884023, 0.880200),
    "7": (0.8803, 0.886437, 0.880509),
    "8": (0.8795, 0.883983, 0.881655),
    "9": (0.8826, 0.887148, 0.884466),
    "10": (0.8856, 0.890028, 0.886410),
    "11": (0.8843, 0.887692, 0.884947),
    "12": (0.8263, 0.826856, 0.826550),
    "13": (0.8829, 0.887832, 0.884245),
    "14": (0.8831, 0.886028, 0.883613),
    "15": (0.8843, 0.888600, 0.886414),
    "16": (0.8899, 0.893300, 0.891262),
}

CONVOLUTIONAL = CNN(
    convolutions=(
        Convolution(channels=6, kernel=5, pool=Pool()),
        Convolution(channels=16, kernel=5, pool=Pool()),
    ),
    hidden=(128, 64),
)

# Digits of 8 x 8 are too small for two kernels of 5 x 5.
SMALL_CONVOLUTIONAL = CNN(
    convolutions=(
        Convolution(channels=6, kernel=3, pool=Pool()),
        Convolution(channels=16, kernel=2),
    ),
    hidden=(128, 64),
)

SOURCE = "Course report B: Fashion-MNIST, seventeen architectures."

METRICS = ("test/accuracy", "test/precision", "test/recall")


def architecture(convolutional: CNN) -> Factor:
    """The seventeen, the last with this network."""
    perceptrons = {
        label: {"model.hidden": hidden, "model.activation": activation}
        for label, (hidden, activation) in PERCEPTRONS.items()
    }
    return Factor("architecture", perceptrons | {"16": {"model": convolutional}})


STUDY = Study(
    name="fashion-architectures",
    report="B",
    question="What do activation, width, depth and convolutions buy on Fashion-MNIST?",
    description=(
        "Softmax regression (0), one hidden layer of 128 with six "
        "activations (1 to 6), relu networks of other widths and depths (7 to 15), and a small "
        "convolutional network (16), all trained with one optimizer and one learning rate."
    ),
    source=SOURCE,
    recipe=Recipe(
        data=FashionMNIST(),
        model=MLP(hidden=(128,)),
        optimizer=AdamW(learning_rate=3e-4, weight_decay=1e-3),
        initialization=Initialization(weights="xavier_normal"),
        batch_size=32,
        epochs=50,
    ),
    factors=(architecture(CONVOLUTIONAL),),
    replicates=5,
    claims=(
        claims.Order(
            "test/accuracy",
            ["3", "6", "4"],
            wording="hard_tanh (3) reaches a higher test accuracy than relu (6), and relu a "
            "higher one than mish (4)",
        ),
        claims.Equal("test/accuracy", "4", "5"),
        claims.Order("test/accuracy", ["5", "2", "1"]),
        # One hidden layer of 5 units, none, 128 and 512: by number of parameters.
        claims.Trend("test/accuracy", ["12", "0", "6", "9"], "up"),
        claims.Better("test/accuracy", "7", "6"),
        claims.Better("test/accuracy", "8", "6"),
        claims.Better("test/accuracy", "7", "8"),
        claims.Better("test/accuracy", "10", "9"),
        claims.Better("test/accuracy", "11", "9"),
        claims.Better("test/accuracy", "10", "11"),
        claims.NotWorse("test/accuracy", "15", "13"),
        claims.Equal("test/accuracy", "13", "9"),
        claims.NotWorse(
            "test/accuracy",
            "14",
            "13",
            wording="14 is at most 0.5 points below 13 in test accuracy, with less than half of "
            "its parameters",
        ),
        claims.Worst("test/accuracy", "12"),
        claims.Best("test/accuracy", "16"),
    ),
    figures=(
        figures.Columns(metrics=METRICS),
        figures.FinalValues(
            title="Activations",
            metric="test/accuracy",
            conditions=("1", "2", "3", "4", "5", "6"),
        ),
        figures.AgainstParameters(
            title="Parameters, at one hidden layer",
            metrics=("test/accuracy",),
            conditions=("12", "0", "6", "9"),
        ),
        figures.FinalValues(
            title="Layers, at about equal parameters",
            metric="test/accuracy",
            conditions=("6", "7", "8", "9", "10", "11", "13", "15"),
            remark="About 100,000 parameters: 6, 7, 8. About 400,000: 9, 10, 11. More than "
            "500,000: 13, 15",
        ),
        figures.FinalValues(
            title="Funnel against bottleneck",
            metric="test/accuracy",
            conditions=("15", "14", "13", "12"),
        ),
        figures.LearningCurves(metric="test/accuracy"),
        figures.LearningCurves(metric="train/loss"),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits(), "epochs": 20},
            factors=(architecture(SMALL_CONVOLUTIONAL),),
            replicates=3,
        ),
        "full": Scale(
            reported=tuple(
                Reported(metric, {label: three[place] for label, three in PRINTED.items()}, SOURCE)
                for place, metric in enumerate(METRICS)
            )
        ),
    },
    notes=(
        "The report gives all runs one seed and still speaks of five runs; ours differ in "
        "initial weights and order.",
        "The report's recall differs from its accuracy, which a balanced test set forbids: its "
        "metrics are means over batches. Ours are over all test examples.",
        "The report lists architecture 15 as 512, 256, 64, 256 with 569,016 parameters. That "
        "count is reached with a further hidden layer of 10, which is what is trained here.",
        "The report gives architecture 16 a second kernel of 10 x 10. Its count of 44,374 "
        "parameters is reached with 5 x 5 only, which is what is trained here.",
    ),
)
