"""At how many hidden layers does a narrow perceptron stop learning? Report C, first experiment."""

from paribus import claims, figures
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.design.adaptive import Scan
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.sgd import SGD
from paribus.probes.weights import FirstLayerChange, WeightChange
from paribus.probes.when import AtEnd
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

UNITS, DEEPEST = 10, 20
SOURCE = "Course report C: depth at which training stalls, regularization, gradient checking."


def depth(deepest: int) -> Factor:
    """1 to so many hidden layers, which is where a scan is censored."""
    levels = {str(layers): (UNITS,) * layers for layers in range(1, deepest + 1)}
    return Factor("model.hidden", levels, name="depth")


# Whole networks, so that a remedy may replace the activation.
ACTIVATION = Factor(
    "activation",
    {
        name: {"model": MLP(hidden=(UNITS,), activation=name)}
        for name in ("sigmoid", "tanh", "relu")
    },
)
REMEDY = Factor(
    "remedy",
    {
        "none": {},
        "relu": {"model.activation": "relu"},
        "rate 0.02": {"optimizer.learning_rate": 0.02},
        "rate 0.002": {"optimizer.learning_rate": 0.002},
        "He": {"initialization.weights": "he_normal"},
        "Xavier": {"initialization.weights": "xavier_normal"},
    },
)
UNTREATED = {"remedy": "none"}

STUDY = Study(
    name="depth-to-stall",
    report="C",
    question="From how many hidden layers of ten units on does gradient descent not learn?",
    description=(
        "For each activation one network after the other, each a hidden layer deeper, until one "
        "ends no better than guessing: a training loss within 0.5 % of ln(10). At that depth the "
        "remedies are tried. Each replicate is scanned by itself, up to 20 hidden layers."
    ),
    source=SOURCE,
    recipe=Recipe(
        data=CIFAR10(),
        model=MLP(hidden=(UNITS,)),
        optimizer=SGD(learning_rate=0.2),
        batch_size=32,
        epochs=5,
    ),
    factors=(ACTIVATION, depth(DEEPEST), REMEDY),
    design=Scan(factor="depth", remedies="remedy"),
    replicates=5,
    probes=(WeightChange(), FirstLayerChange(when=AtEnd())),
    claims=(
        claims.Order(
            "stall/depth",
            ["tanh", "relu", "sigmoid"],
            at=UNTREATED,
            wording="tanh stalls at a greater depth than relu, and relu at a greater one than "
            "sigmoid",
        ),
        claims.Below(
            "change/relative_norm",
            0.01,
            ["sigmoid", "tanh", "relu"],
            layer="first",
            at=UNTREATED,
            wording="Where training stalls, the weights of the first layer change by less than "
            "1 % of their norm",
        ),
        claims.Learns({"activation": ["sigmoid", "tanh"], "remedy": "relu"}),
        claims.Learns({"remedy": "rate 0.02"}),
        claims.Learns({"remedy": "rate 0.002"}),
        claims.Learns({"remedy": "He"}, ours=True),
        claims.Learns({"remedy": "Xavier"}, ours=True),
    ),
    figures=(
        figures.StallDepths(
            remark="The source reports 4 for sigmoid, 14 for tanh and 8 for relu, of its own data"
        ),
        figures.AgainstLevels(
            metrics=("train/loss", "train/accuracy"), factor="depth", at=UNTREATED
        ),
        figures.LayerHeatmap(metric="change/relative_norm", factor="depth", at=UNTREATED),
        figures.Columns(metrics=("train/loss", "train/accuracy", "test/accuracy")),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits()},
            factors=(ACTIVATION, depth(6), REMEDY.only(["none", "relu", "rate 0.02", "He"])),
            replicates=3,
        ),
        "full": Scale(),
    },
    notes=(
        "The report does not name its data. CIFAR-10 in color, flattened, is inferred: the weight "
        "changes that it prints vary smoothly over neighbouring inputs up to the border.",
        "Fewer layers, one of the report's remedies, is what the scan shows: one less learns. "
        "Fewer units, another, is not tried.",
        "The report says smaller rates without numbers; 0.02 and 0.002 are ours, as are the "
        "remedies He and Xavier.",
        "The remedy relu is nothing new where the activation is relu already.",
    ),
)
