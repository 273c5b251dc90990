"""Which activation trains a deep, narrow perceptron? Report A, first experiment."""

from paribus import analyses, claims, figures
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.probes.gradients import GradientNorm
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

AS_REPORTED = {"depth": "5", "output": "softmax"}

STUDY = Study(
    name="activations",
    report="A",
    question="Which activation trains a perceptron of five hidden layers best?",
    description=(
        "Hidden layers of equal width, Adam at one learning rate, and four activations. Sigmoid's "
        "derivative is at most 1/4, so the gradient that reaches the first layers shrinks with "
        "every layer that it passes. The report's network ends in a softmax whose result the loss "
        "takes for logits: the second factor measures what that mistake costs."
    ),
    source="Course report A: activations, vanishing gradients, regularization.",
    recipe=Recipe(
        data=CIFAR10(grayscale=True, validation=10_000),
        model=MLP(hidden=(256,) * 5),
        optimizer=Adam(learning_rate=1e-3),
        batch_size=1024,
        epochs=10,
    ),
    factors=(
        Factor("model.activation", ["sigmoid", "tanh", "relu", "leaky_relu"]),
        Factor("model.output", ["softmax", "logits"]),
        Factor("model.hidden", {"5": (256,) * 5, "3": (256,) * 3}, name="depth"),
    ),
    replicates=5,
    probes=(GradientNorm(),),
    analyses=(analyses.EpochTime(name="time"),),
    claims=(
        claims.Better("test/accuracy", "tanh", "sigmoid", at=AS_REPORTED),
        claims.Better("test/accuracy", "relu", "tanh", at=AS_REPORTED),
        claims.Better("test/accuracy", "leaky_relu", "tanh", at=AS_REPORTED),
        claims.Worst("test/accuracy", "sigmoid", at=AS_REPORTED),
        claims.NotWorse(
            "time/epoch_seconds",
            ["relu", "leaky_relu"],
            ["sigmoid", "tanh"],
            margin=0.05,
            relative=True,
            at=AS_REPORTED,
            wording="An epoch of relu or leaky_relu takes no longer than one of sigmoid or tanh, "
            "by 5 % at most (output softmax, depth 5)",
        ),
        claims.Better(
            "test/accuracy",
            "logits",
            "softmax",
            wording="With every activation and at both depths, logits reach a higher test "
            "accuracy than a softmax before the loss",
            ours=True,
        ),
    ),
    figures=(
        figures.FinalValues(metric="test/accuracy"),
        figures.LearningCurves(metric="train/loss"),
        figures.LearningCurves(metric="validation/loss"),
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="validation/accuracy"),
        figures.EpochTimes(),
        figures.LayerCurves(metric="gradient/norm"),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits(validation=200), "batch_size": 32},
            factors=(
                Factor("model.activation", ["sigmoid", "tanh", "relu", "leaky_relu"]),
                Factor("model.output", ["softmax", "logits"]),
                Factor("model.hidden", {"5": (64,) * 5}, name="depth"),
            ),
        ),
        "full": Scale(),
    },
    notes=(
        "The report states five hidden layers; the network that it prints has three. Both are "
        "trained.",
    ),
)
