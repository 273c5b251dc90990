"""Training agrees with PyTorch, from the same initial weights and over the same batches.

How far two networks are apart is the largest difference of any weight or bias, relative to the
largest weight of the network: one number, in which no layer can hide behind another.
"""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

import jax
import numpy as np
import pytest

from contracts.pictures import Pictures
from contracts.torch_twin import Arrays, Reached, TorchBatch, torch, torch_training
from paribus.data import Digits, Function
from paribus.data.base import Normalize, Source
from paribus.data.batches import normalized
from paribus.data.dataset import split
from paribus.models import CNN, MLP, Convolution, Initialization, Pool
from paribus.models.activations import ActivationName
from paribus.models.convolution import tile_for
from paribus.models.own import Own
from paribus.objectives.losses import LossName
from paribus.optimizers import SGD, Adam, AdamW, Constant, Cosine, StepDecay
from paribus.optimizers.base import Optimizer
from paribus.training import Recipe
from paribus.training.positions import epoch_order
from paribus.training.recipe import AnyModel, AnyOptimizer
from training.stepwise import EpochEnd, initial_weights, train_by_calls

BASE = Recipe(
    data=Digits(),
    model=MLP(hidden=(32, 16), activation="tanh"),
    optimizer=SGD(learning_rate=0.1),
    batch_size=72,  # 20 steps an epoch, the last of 69 examples
    epochs=10,
)
SHORT, LONG = 20, 200
SINC = {"data": Function(name="sinc", examples=97), "loss": "mean_squared_error", "batch_size": 5}

CASES: dict[str, dict[str, Any]] = {
    **{name: {"model.activation": name} for name in get_args(ActivationName)},
    "kl_divergence": {"loss": "kl_divergence"},
    "mean_squared_error": {"loss": "mean_squared_error"},
    "regression": SINC,
    "softmax": {"model.output": "softmax"},
    "softmax kl_divergence": {"model.output": "softmax", "loss": "kl_divergence"},
    "softmax mean_squared_error": {"model.output": "softmax", "loss": "mean_squared_error"},
    "linear model": {"model.hidden": ()},
    "l1": {"penalties.l1": 1e-3},
    "l2": {"penalties.l2": 1e-3},
    "l1 and l2": {
        "penalties.l1": 1e-4,
        "penalties.l2": 1e-3,
        "optimizer": Adam(learning_rate=1e-3),
    },
    "momentum": {"optimizer": SGD(learning_rate=0.02, momentum=0.9)},
    "sgd decay": {"optimizer": SGD(learning_rate=0.1, weight_decay=0.01)},
    "momentum decay": {"optimizer": SGD(learning_rate=0.02, momentum=0.9, weight_decay=0.01)},
    "adam": {"optimizer": Adam(learning_rate=1e-3)},
    "adam decay": {"optimizer": Adam(learning_rate=1e-3, weight_decay=0.01)},
    "adam constants": {"optimizer": Adam(learning_rate=1e-3, b1=0.8, b2=0.99, epsilon=1e-6)},
    "adam b1 0": {"optimizer": Adam(learning_rate=1e-3, b1=0.0)},
    "adamw": {"optimizer": AdamW(learning_rate=1e-3)},
    "adamw strong": {"optimizer": AdamW(learning_rate=1e-3, weight_decay=1.0)},
    "adamw no decay": {"optimizer": AdamW(learning_rate=1e-3, weight_decay=0.0)},
    "adamw relu": {"optimizer": AdamW(learning_rate=1e-3), "model.activation": "relu"},
    "step": {"optimizer.schedule": StepDecay(every=3, factor=0.5)},
    "step warm-up": {"optimizer.schedule": StepDecay(every=3, factor=0.5, warmup=0.5)},
    "cosine": {"optimizer.schedule": Cosine(final=0.1)},
    "cosine warm-up": {"optimizer.schedule": Cosine(warmup=2.0)},
    "warm-up": {"optimizer.schedule": Constant(warmup=1.5)},
    "adamw cosine warm-up": {
        "optimizer": AdamW(learning_rate=1e-3, schedule=Cosine(warmup=2.0)),
    },
    "normalized": {"data.normalization": Normalize(mean=(0.5,), std=(0.5,))},
    "validation": {"data.validation": 300, "batch_size": 57},
    "he": {
        "initialization": Initialization(weights="he_normal", biases="zeros"),
        "model.activation": "relu",
    },
}

CNNS: dict[str, dict[str, Any]] = {
    "max pooling": {
        "model": CNN(
            convolutions=(
                Convolution(channels=6, kernel=3, padding=1, pool=Pool()),
                Convolution(channels=8, kernel=2, pool=Pool(size=3)),
            ),
            hidden=(16,),
        ),
        "optimizer": SGD(learning_rate=0.05, momentum=0.9),
    },
    "average pooling": {
        "model": CNN(
            convolutions=(
                Convolution(channels=6, kernel=3, pool=Pool(mode="average")),
                Convolution(channels=8, kernel=2),
            ),
            hidden=(16,),
        ),
        "optimizer": Adam(learning_rate=1e-3),
        "penalties.l2": 1e-3,
    },
    "stride and padding": {
        "model": CNN(
            convolutions=(
                Convolution(channels=5, kernel=3, stride=2, padding=2),
                Convolution(channels=7, kernel=2, pool=Pool()),
            ),
            hidden=(),
            activation="tanh",
        ),
        "optimizer": AdamW(learning_rate=1e-3),
    },
    "rectangles": {
        "model": CNN(
            convolutions=(
                Convolution(
                    channels=6,
                    kernel=(3, 5),
                    stride=(1, 2),
                    padding=(0, 1),
                    pool=Pool(size=(2, 1)),
                ),
                Convolution(channels=8, kernel=(2, 1), padding=(1, 0)),
            ),
            hidden=(16,),
        ),
        "optimizer": SGD(learning_rate=0.02, momentum=0.9),
    },
    "tiles beyond the image": {
        "model": CNN(convolutions=(Convolution(channels=6, kernel=4),), hidden=()),
        "optimizer": SGD(learning_rate=0.1),
    },
}
LENET = CNN(
    convolutions=(
        Convolution(channels=6, kernel=5, pool=Pool()),
        Convolution(channels=16, kernel=5, pool=Pool()),
    ),
    hidden=(120, 84),
)
ON_PICTURES = {  # 20 steps an epoch, the last of fewer examples
    "LeNet, batches of 4": (Pictures(examples=79), 4),
    "LeNet, batches of 32": (Pictures(examples=638), 32),
    "LeNet, flat pictures": (Pictures(examples=79, flat=True), 4),
}
RECIPES = {name: BASE.with_fields(changes) for name, changes in (CASES | CNNS).items()} | {
    # A recipe takes none but our own data sets, so these are not validated. At twice the rate a
    # unit at a kink goes one way or the other by the last place of a weight, and PyTorch's own
    # drift with batches of 4 is either 1e-7 or 4e-2, which bounds nothing.
    name: Recipe.model_construct(
        data=pictures,
        model=LENET,
        optimizer=SGD(learning_rate=0.005, momentum=0.9),
        batch_size=size,
        epochs=10,
    )
    for name, (pictures, size) in ON_PICTURES.items()
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_in_double_precision(recipe: Recipe):
    recipe = recipe.model_copy(update={"precision": "float64"})
    start, batches = initial_weights(recipe, 0), batches_of(recipe)
    ours, theirs = train_by_calls(recipe, 0), list(torch_training(recipe, start, batches))
    assert len(theirs) == LONG
    assert ours[-1].weights["1.weight"].dtype == np.float64
    assert apart(ours[-1].weights, theirs[-1].weights) < 1e-9
    assert losses_apart(ours, theirs, batches) < 1e-9


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_in_single_precision(recipe: Recipe):
    start, batches = initial_weights(recipe, 0), batches_of(recipe)
    ours, theirs = train_by_calls(recipe, 0), list(torch_training(recipe, start, batches))
    assert len(theirs) == LONG
    assert ours[-1].weights["1.weight"].dtype == np.float32
    assert apart(ours[0].weights, theirs[SHORT - 1].weights) < 1e-4
    assert losses_apart(ours[:1], theirs, batches) < 1e-4
    distance = apart(ours[-1].weights, theirs[-1].weights)
    drifts = own_drifts(recipe, start, batches, theirs[-1].weights)
    assert any(distance <= 2 * drift for drift in drifts)


def test_every_choice_is_in_the_table():
    recipes = list(RECIPES.values())
    schedule = Optimizer.model_fields["schedule"].annotation
    assert {recipe.model.activation for recipe in recipes} == set(get_args(ActivationName))
    assert {recipe.loss for recipe in recipes} == set(get_args(LossName))
    assert {type(recipe.optimizer) for recipe in recipes} == set(
        get_args(get_args(AnyOptimizer)[0])
    )
    assert {type(recipe.optimizer.schedule) for recipe in recipes} == set(get_args(schedule))
    built_in = set(get_args(get_args(AnyModel)[0])) - {Own}  # compared in tests/own
    assert {type(recipe.model) for recipe in recipes} == built_in


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="elsewhere nothing is cut into tiles")
def test_a_row_of_the_table_has_tiles_that_reach_beyond_the_image():
    assert CNNS["tiles beyond the image"]["model"].convolutions[0].sizes((8, 8))[0] == (5, 5)
    assert tile_for((1, 8, 8, 72), (6, 1, 4, 4), (1, 1), (0, 0), (1, 1)) == (2, 2)


def batches_of(recipe: Recipe) -> list[TorchBatch]:
    """Each step's examples, as the very floats that our network gets."""
    dataset, facts = recipe.data.load(Source()), recipe.data.facts()
    with jax.enable_x64(recipe.precision == "float64"):
        raw = jax.numpy.asarray(dataset.inputs)
        inputs = np.array(
            normalized(raw, recipe.data.normalization, facts.maximum, np.dtype(recipe.precision))
        )
    train = split(dataset, recipe.data.validation, 0).train
    orders = [epoch_order(recipe, 0, epoch, train) for epoch in range(1, recipe.epochs + 1)]
    rows = [row[row >= 0] for order in orders for row in order]
    return [TorchBatch(inputs[row], dataset.targets[row]) for row in rows]


def apart(ours: Arrays, theirs: Arrays) -> float:
    """The largest difference of any weight or bias, relative to the largest of all."""
    assert ours.keys() == theirs.keys()
    difference = max(np.abs(ours[name].astype(float) - theirs[name]).max() for name in ours)
    return difference / max(np.abs(array).max() for array in theirs.values())


def losses_apart(
    ours: Sequence[EpochEnd], theirs: Sequence[Reached], batches: Sequence[TorchBatch]
) -> float:
    """The largest relative difference of an epoch's mean objective over its examples."""
    sizes = np.array([len(batch.inputs) for batch in batches[:SHORT]])
    sums = [reached.loss for reached in theirs[: SHORT * len(ours)]]
    means = np.reshape(sums, (len(ours), SHORT)) @ sizes / sizes.sum()
    return float(np.max(np.abs([end.loss for end in ours] - means) / np.abs(means)))


def own_drifts(
    recipe: Recipe, start: Arrays, batches: Sequence[TorchBatch], reached: Arrays
) -> Iterator[float]:
    """How far PyTorch's own weights move when each initial one does by one unit in the last place.

    Once for every move: all weights up, all down, and six times each at random. One move alone
    says little: Adam divides by the size of a gradient, so where that is next to nothing a single
    weight decides, and the drift of one move may be ten times that of the next.
    """
    coins = [np.random.default_rng(seed) for seed in range(6)]
    moves = [lambda shape: np.ones(shape), lambda shape: -np.ones(shape)]
    moves += [lambda shape, coin=coin: coin.choice([-1.0, 1.0], shape) for coin in coins]
    for move in moves:
        moved = {
            name: np.nextafter(array, (move(array.shape) * np.inf).astype(array.dtype))
            for name, array in start.items()
        }
        *_, last = torch_training(recipe, moved, batches)
        yield apart(last.weights, reached)
