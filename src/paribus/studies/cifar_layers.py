"""What do layers, relu and convolutions buy on CIFAR-10? Report D, first experiment."""

from paribus import analyses, claims, figures
from paribus.data.base import Normalize
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.design.factor import Factor
from paribus.models.cnn import CNN
from paribus.models.lenet import LENET, SMALL_LENET
from paribus.models.mlp import MLP
from paribus.optimizers.sgd import SGD
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

CENTERED = Normalize(mean=(0.5,), std=(0.5,))
HIDDEN = (120, 84)


def network(lenet: CNN) -> Factor:
    """One layer, three without and with relu, and convolutions before those three."""
    return Factor(
        "model",
        {
            "single layer": MLP(hidden=(), activation="identity"),
            "deep linear": MLP(hidden=HIDDEN, activation="identity"),
            "deep relu": MLP(hidden=HIDDEN),
            "LeNet": lenet,
        },
        name="network",
    )


STUDY = Study(
    name="cifar-layers",
    report="D",
    question="What do more layers, an activation between them, and convolutions each add?",
    description=(
        "One linear layer, three linear layers, the same three with relu between them, and "
        "LeNet: the same dense layers behind two convolutions. Without an activation, three "
        "layers are one: their matrices, multiplied, give a single layer with the same outputs."
    ),
    source="Course report D: CIFAR-10 in color, from one layer to a LeNet.",
    recipe=Recipe(
        data=CIFAR10(normalization=CENTERED),
        model=MLP(hidden=HIDDEN),
        optimizer=SGD(learning_rate=0.001, momentum=0.9),
        batch_size=4,
        epochs=50,
    ),
    factors=(network(LENET),),
    replicates=5,
    analyses=(analyses.Collapse(name="collapse", deep="deep linear", single="single layer"),),
    claims=(
        claims.Equal("test/accuracy", "deep linear", "single layer", margin=0.01),
        claims.Below(
            "collapse/difference",
            1e-9,
            "deep linear",
            wording="The layers of deep linear, multiplied into one, give the same outputs",
        ),
        claims.Better("test/accuracy", "deep relu", "deep linear"),
        claims.Best("test/accuracy", "LeNet"),
    ),
    figures=(
        figures.FinalValues(metric="test/accuracy"),
        figures.Computed(
            title="Deep linear networks beside their layers multiplied into one",
            quantities=("collapse/difference",),
            remark="The largest difference of an output on the test examples, relative to the "
            "largest output",
        ),
        figures.LearningCurves(metric="train/loss"),
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="test/accuracy"),
        figures.Columns(metrics=("train/accuracy", "test/accuracy", "gap/accuracy", "test/loss")),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits(normalization=CENTERED), "epochs": 30},
            factors=(network(SMALL_LENET),),
            replicates=3,
        ),
        "full": Scale(),
    },
    notes=(
        "Outputs count as the same up to 1e-9 of the largest, in float64: the layers are "
        "multiplied in another order than they are applied.",
    ),
)
