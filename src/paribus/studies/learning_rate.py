"""At which learning rates does a LeNet learn at all? Report D, third experiment."""

from paribus import claims, figures
from paribus.data.base import Normalize
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.design.factor import Factor
from paribus.models.lenet import LENET, SMALL_LENET
from paribus.optimizers.sgd import SGD
from paribus.study.scaled import Reported
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

SOURCE = "Course report D: CIFAR-10 in color, from one layer to a LeNet."
CENTERED = Normalize(mean=(0.5,), std=(0.5,))

STUDY = Study(
    name="learning-rate",
    report="D",
    question="At which learning rates does a LeNet learn, stall or diverge?",
    description=(
        "Four learning rates from 10 to 0.0001, at a momentum of 0.9, which makes steps up to ten "
        "times as long, and batches of 4. Too large a rate throws the weights to where every relu "
        "is off and nothing is left to learn from, or to infinity. A run whose loss is no longer "
        "finite ends there and is shown as diverged, with the epoch: that is a result."
    ),
    source=SOURCE,
    recipe=Recipe(
        data=CIFAR10(normalization=CENTERED),
        model=LENET,
        optimizer=SGD(learning_rate=0.001, momentum=0.9),
        batch_size=4,
        epochs=50,
    ),
    factors=(
        Factor(
            "optimizer.learning_rate",
            {"10": 10.0, "0.1": 0.1, "0.01": 0.01, "0.0001": 0.0001},
        ),
    ),
    replicates=5,
    claims=(
        claims.Learns("10", negated=True),
        claims.Learns("0.1", negated=True),
        claims.Learns("0.01", negated=True),
        claims.Learns("0.0001"),
    ),
    figures=(
        figures.LearningCurves(metric="train/loss", log=True),
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="test/accuracy"),
        figures.Columns(
            metrics=("epochs/trained", "train/loss", "train/accuracy", "test/accuracy")
        ),
    ),
    scales={
        "demo": Scale(
            set={
                "data": Digits(normalization=CENTERED),
                "model": SMALL_LENET,
                "epochs": 30,
            },
            replicates=3,
        ),
        "full": Scale(
            reported=(
                Reported("train/loss", {"10": 19.0, "0.1": 2.358, "0.01": 2.308}, SOURCE),
                Reported(
                    "test/accuracy",
                    {"10": 0.1, "0.1": 0.1, "0.01": 0.1, "0.0001": 0.6},
                    SOURCE,
                ),
            )
        ),
    },
    notes=(
        "The report's loss of 19 at a rate of 10, and its accuracy of 60 % at 0.0001, are "
        "approximate. Its losses stand beside ours of the training examples.",
    ),
)
