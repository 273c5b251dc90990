"""How deep may a perceptron be before its gradient vanishes? Report A, second experiment."""

from paribus import claims, figures
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.probes.gradients import GradientNorm
from paribus.probes.weights import UpdateRatio, WeightNorm
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

AS_REPORTED = {"output": "softmax"}
DEPTHS = range(1, 11)


def depth(width: int, depths: range | tuple[int, ...] = DEPTHS) -> Factor:
    """Depth d is d - 1 hidden layers and the output layer: depth 1 is a linear model."""
    levels = {str(one): (width,) * (one - 1) for one in depths}
    return Factor("model.hidden", levels, name="depth")


ACTIVATION = Factor("model.activation", ["sigmoid", "relu"])
OUTPUT = Factor("model.output", ["softmax", "logits"])

STUDY = Study(
    name="vanishing-gradient",
    report="A",
    question="At which depth does a sigmoid perceptron stop learning, and why does relu not?",
    description=(
        "Perceptrons of 1 to 10 layers with sigmoid and with relu, and after every epoch the "
        "gradient, the weights and their change in each layer. Sigmoid's derivative is at most "
        "1/4, so that behind nine sigmoids the first layer gets a gradient of next to nothing. "
        "The report's network ends in a softmax whose result the loss takes for logits; the "
        "factor `output` has the network without it beside."
    ),
    source="Course report A: activations, vanishing gradients, regularization.",
    recipe=Recipe(
        data=CIFAR10(grayscale=True, validation=10_000),
        model=MLP(hidden=()),
        optimizer=Adam(learning_rate=1e-3),
        batch_size=1024,
        epochs=10,
    ),
    factors=(ACTIVATION, OUTPUT, depth(256)),
    replicates=5,
    probes=(GradientNorm(), WeightNorm(), UpdateRatio()),
    claims=(
        claims.Identical("relu", "sigmoid", at={"depth": "1", **AS_REPORTED}),
        claims.Stalls({"activation": "sigmoid", "depth": ["9", "10"]}, at=AS_REPORTED),
        claims.Learns("relu", at=AS_REPORTED),  # at every depth
        claims.Trend(
            "fall of train/loss", "depth", "down", at={"activation": "sigmoid", **AS_REPORTED}
        ),
        claims.CountLayers((2, 4), {"activation": "sigmoid", "depth": "10"}, at=AS_REPORTED),
        claims.CountLayers("all", {"activation": "relu", "depth": "10"}, at=AS_REPORTED),
    ),
    figures=(
        figures.LearningCurves(metric="train/loss"),
        figures.AgainstLevels(metrics=("train/accuracy",), factor="depth"),
        figures.LayerHeatmap(metric="gradient/mean", factor="depth"),
        figures.LayerHeatmap(metric="gradient/norm", factor="depth"),
        figures.LayerHeatmap(metric="weight/mean", factor="depth"),
        figures.LayerHeatmap(metric="update/ratio", factor="depth"),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits(validation=200), "batch_size": 32},
            factors=(
                ACTIVATION,
                Factor("model.output", ["softmax"]),
                depth(64, (1, 2, 4, 6, 9, 10)),
            ),
            replicates=3,
        ),
        "full": Scale(),
    },
    notes=(
        "At depth 1 there is no hidden layer, so the runs of both activations are one network.",
        "The gradient is that at the end of an epoch, on one fixed batch per replicate. A layer "
        "counts as receiving none where its norm is below 1/1000 of the largest layer's.",
    ),
)
