"""Which ways do trainings take through the space of weights? Report E, third experiment."""

from paribus import analyses, claims, figures
from paribus.data.digits import Digits
from paribus.data.idx_images import MNIST
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.probes.weights import Weights
from paribus.probes.when import Every
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

STUDY = Study(
    name="optimization-path",
    report="E",
    question="Do trainings from different initial weights go to the same place?",
    description=(
        "Eight trainings of one network that differ in initial weights and order of examples. "
        "Their weights, every three epochs, are shown in the two directions in which all of them "
        "together vary most: once of all weights, once of the first layer's."
    ),
    source="Course report E: deep against shallow networks, optimization, generalization.",
    recipe=Recipe(
        data=MNIST(),
        model=MLP(hidden=(500, 50)),
        optimizer=Adam(learning_rate=4e-4, weight_decay=1e-4),
        batch_size=128,
        epochs=40,
    ),
    replicates=8,
    probes=(Weights(when=Every(epochs=3)),),
    analyses=(
        analyses.Path(name="path"),
        analyses.Path(name="first-layer", weights="first layer"),
    ),
    claims=(
        claims.Rises("test/accuracy"),
        claims.EndApart(epochs=20, ours=True),
    ),
    figures=(
        figures.PathScatter(title="Paths of all weights", analysis="path"),
        figures.PathScatter(title="Paths of the first layer's weights", analysis="first-layer"),
        figures.PathTable(title="Points of the paths of all weights", analysis="path"),
        figures.PathTable(title="Points of the first layer's paths", analysis="first-layer"),
        figures.LearningCurves(metric="test/accuracy"),
        figures.LearningCurves(metric="train/loss"),
    ),
    scales={
        "demo": Scale(set={"data": Digits(), "model.hidden": (64, 16), "batch_size": 32}),
        "full": Scale(),
    },
    notes=(
        "Batches of 128 are ours. So is the claim that the runs end further apart than any of "
        "them moved in its last 20 epochs, in the space of all weights.",
        "One principal component analysis for all runs together, so that their places compare.",
    ),
)
