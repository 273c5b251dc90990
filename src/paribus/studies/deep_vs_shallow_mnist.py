"""Is a deeper network better at equal parameters, on digits? Report E, second experiment."""

from collections.abc import Sequence

from paribus import claims, figures
from paribus.data.digits import Digits
from paribus.data.idx_images import MNIST
from paribus.design.factor import Factor
from paribus.models.budget import Widths, cnn_within
from paribus.models.cnn import CNN, Convolution, Pool
from paribus.optimizers.adam import Adam
from paribus.study.scaled import Reported
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

SOURCE = "Course report E: deep against shallow networks, optimization, generalization."

DROPOUT = 0.25
# dense layers: channels of both convolutions, proportions of the dense layers, the report's count
SHAPES = {
    "3": ((10, 16), (74, 32, 32), 25_550),
    "5": ((6, 20), (54, 54, 42, 16, 8), 25_570),
    "2": ((10, 20), (63, 27), 25_621),
}


def on_mnist(channels: tuple[int, int]) -> tuple[Convolution, ...]:
    """28 x 28, by a kernel of 4 to 25, pooled to 12, by a kernel of 4 to 9, pooled to 4."""
    return tuple(Convolution(channels=count, kernel=4, pool=Pool()) for count in channels)


def on_digits(channels: tuple[int, int]) -> tuple[Convolution, ...]:
    """8 x 8, too small for two kernels of 4: by one of 3 to 6, pooled to 3, by one of 2 to 2."""
    first, second = channels
    return (
        Convolution(channels=first, kernel=3, pool=Pool()),
        Convolution(channels=second, kernel=2),
    )


def within(
    budget: int, side: int, convolutions: tuple[Convolution, ...], widths: Sequence[int]
) -> CNN:
    """The network of this shape whose dense layers use up the budget."""
    rule = Widths(depth=len(widths), rule=tuple(map(float, widths)))
    fitted = cnn_within(
        budget, shape=(side, side), outputs=10, convolutions=convolutions, widths=rule
    )
    return fitted.model.model_copy(update={"dropout": DROPOUT})


FULL = {
    label: within(count, 28, on_mnist(channels), widths)
    for label, (channels, widths, count) in SHAPES.items()
}
SMALL = {
    label: within(5_000, 8, on_digits(channels), widths)
    for label, (channels, widths, _) in SHAPES.items()
}

STUDY = Study(
    name="deep-vs-shallow-mnist",
    report="E",
    question="Do more dense layers help a convolutional network, at equal parameters?",
    description=(
        "Three networks of two convolutions and 3, 5 or 2 dense hidden layers, with 25,550, "
        "25,570 and 25,621 parameters: what is spent on depth is taken from width. The widths are "
        "found by the parameter-budget solver."
    ),
    source=SOURCE,
    recipe=Recipe(
        data=MNIST(),
        model=FULL["2"],
        optimizer=Adam(learning_rate=1e-3, weight_decay=1e-4),
        batch_size=128,
        epochs=15,
    ),
    factors=(Factor("model", FULL, name="dense_layers"),),
    replicates=5,
    claims=(
        claims.Better("train/accuracy", "2", ["3", "5"]),
        claims.Better("test/accuracy", "2", ["3", "5"], ours=True),
    ),
    figures=(
        figures.Columns(metrics=("train/accuracy", "train/loss", "test/accuracy", "test/loss")),
        figures.FinalValues(metric="train/accuracy"),
        figures.FinalValues(metric="test/accuracy"),
        figures.LearningCurves(metric="train/loss"),
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="test/accuracy"),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits(), "model": SMALL["2"], "batch_size": 32, "epochs": 30},
            factors=(Factor("model", SMALL, name="dense_layers"),),
            replicates=3,
        ),
        "full": Scale(
            reported=(
                Reported("train/accuracy", {"3": 0.9816, "5": 0.9786, "2": 0.9891}, SOURCE),
                Reported("train/loss", {"3": 0.0945, "5": 0.0837, "2": 0.0237}, SOURCE),
            )
        ),
    },
    notes=(
        "The report gives the number of parameters, not the widths. Those used here reach its "
        "counts exactly.",
        "Batches of 128 and 15 epochs are ours.",
        "The report's accuracies and losses are of training. Ours are of training examples "
        "without dropout.",
        "The networks of the demo have about 5,000 parameters each.",
    ),
)
