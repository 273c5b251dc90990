"""Does the gradient vanish as the loss falls? Report E, fourth experiment."""

from paribus import claims, figures
from paribus.data.functions import Function
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.probes.gradients import GradientNorm
from paribus.probes.when import Every
from paribus.study.scaled import Reported
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

SOURCE = "Course report E: deep against shallow networks, optimization, generalization."

STUDY = Study(
    name="gradient-norm",
    report="E",
    question="Does the gradient become small as the loss of a small network falls?",
    description=(
        "A perceptron of 572 parameters learns sin(5 pi x) / (5 pi x), all points in every step, "
        "with a large learning rate. A run ends when its loss is 0.001 or less. At a minimum the "
        "gradient would be 0; the norm along training shows how far from one a loss may be low."
    ),
    source=SOURCE,
    recipe=Recipe(
        data=Function(name="sinc"),
        model=MLP(hidden=(10, 18, 15, 4)),
        optimizer=Adam(learning_rate=1e-2, weight_decay=1e-4),
        loss="mean_squared_error",
        batch_size=1000,
        epochs=10_000,
        evaluate=10,
        loss_threshold=0.001,
    ),
    replicates=5,
    probes=(GradientNorm(when=Every(epochs=10)),),
    claims=(
        claims.Falls("train/loss"),
        claims.Falls(
            "gradient/total_norm",
            negated=True,
            wording="The gradient norm does not fall from start to end",
        ),
    ),
    figures=(
        figures.LearningCurves(metric="gradient/total_norm", log=True),
        figures.LearningCurves(metric="train/loss", log=True),
        figures.Columns(metrics=("epochs/trained", "gradient/total_norm", "train/loss")),
    ),
    scales={
        "demo": Scale(set={"data": Function(name="sinc", examples=100), "epochs": 3000}),
        "full": Scale(
            reported=(
                Reported("epochs/trained", {"one condition": 700}, SOURCE),
                Reported("gradient/total_norm", {"one condition": 0.236}, SOURCE),
            )
        ),
    },
    notes=(
        "The report has relu here and leaky_relu where it fits the same function elsewhere.",
        "Loss and gradient norm are measured every 10 epochs; the norm is that of all weights and "
        "biases together, over all points.",
    ),
)
