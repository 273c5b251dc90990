"""Can a network learn labels that mean nothing? Report E, sixth experiment."""

from paribus import claims, figures
from paribus.data.digits import Digits
from paribus.data.idx_images import MNIST
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.study.scaled import Reported
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

SOURCE = "Course report E: deep against shallow networks, optimization, generalization."
ALL_RANDOM = {"random_labels": "1"}

STUDY = Study(
    name="random-labels",
    report="E",
    question="Does a network fit training labels that were drawn at random?",
    description=(
        "A share of the training labels, from none to all, is replaced once by labels drawn at "
        "random. Whoever fits them all has learned them by heart, for there is nothing in them to "
        "understand. Test labels stay true. After Zhang and others, Understanding deep learning "
        "requires rethinking generalization (2017)."
    ),
    source=SOURCE,
    recipe=Recipe(
        data=MNIST(),
        model=MLP(hidden=(256,)),
        optimizer=Adam(learning_rate=1e-4),
        batch_size=256,
        epochs=1000,
    ),
    factors=(
        Factor(
            "data.random_labels",
            {"0": 0.0, "0.25": 0.25, "0.5": 0.5, "0.75": 0.75, "1": 1.0},
        ),
    ),
    replicates=5,
    claims=(
        claims.Below("train/loss", 0.1, ALL_RANDOM),
        claims.Rises("test/loss", ALL_RANDOM),
        claims.Within("test/accuracy", 0.1, ALL_RANDOM, margin=0.01),
        claims.Trend("test/accuracy", "random_labels", "down", ours=True),
    ),
    figures=(
        figures.LearningCurves(metric="train/loss", log=True),
        figures.LearningCurves(metric="test/loss", log=True),
        figures.LearningCurves(metric="test/accuracy"),
        figures.AgainstLevels(metrics=("train/accuracy", "test/accuracy"), factor="random_labels"),
        figures.Columns(metrics=("train/loss", "test/loss", "train/accuracy", "test/accuracy")),
    ),
    scales={
        # Few examples, so that a small network learns them by heart in seconds.
        "demo": Scale(
            set={
                "data": Digits(test=1_297),
                "optimizer.learning_rate": 1e-3,
                "batch_size": 32,
                "epochs": 400,
            },
            replicates=3,
        ),
        "full": Scale(
            reported=(
                Reported("train/loss", {"1": 0.0305}, SOURCE),
                Reported("test/loss", {"1": 11.55}, SOURCE),
                Reported("test/accuracy", {"1": 0.1086}, SOURCE),
            )
        ),
    },
    notes=(
        "The report has all labels random; the shares between are ours, and so are 256 hidden "
        "units and batches of 256.",
        "Labels are drawn once per replicate. One in ten of those drawn is the true one by "
        "chance.",
        "The training loss is that of the labels trained on, random ones included.",
    ),
)
