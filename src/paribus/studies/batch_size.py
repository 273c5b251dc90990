"""What does the batch size do to a LeNet, at one learning rate? Report D, second experiment."""

from paribus import claims, figures
from paribus.data.base import Normalize
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.design.factor import Factor
from paribus.models.lenet import LENET, SMALL_LENET
from paribus.optimizers.sgd import SGD
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe, WarmStart

CENTERED = Normalize(mean=(0.5,), std=(0.5,))

STUDY = Study(
    name="batch-size",
    report="D",
    question="Which batch size trains a LeNet best, all else the same?",
    description=(
        "Batches of 1, 4 and 1,000 at one learning rate and one number of epochs. The gradient of "
        "a small batch is noisier, and there are more steps of it: 2.5 million, 625,000 and 2,500 "
        "in 50 epochs. What is compared is batch size and number of updates at once. The report's "
        "network of batch 1,000 had been trained before; here it is trained from scratch, and "
        "`1000 continued` goes on from the network that batches of 4 have trained."
    ),
    source="Course report D: CIFAR-10 in color, from one layer to a LeNet.",
    recipe=Recipe(
        data=CIFAR10(normalization=CENTERED),
        model=LENET,
        optimizer=SGD(learning_rate=0.001, momentum=0.9),
        batch_size=4,
        epochs=50,
    ),
    factors=(
        Factor(
            "batch_size",
            {
                "1": {"batch_size": 1},
                "4": {"batch_size": 4},
                "1000": {"batch_size": 1000},
                "1000 continued": {"batch_size": 1000, "warm_start": WarmStart(batch_size=4)},
            },
        ),
    ),
    replicates=5,
    claims=(
        claims.Order("test/accuracy", [["4", "1000"], "1"]),
        claims.Noisier("test/accuracy", "1", "4"),
        claims.NotWorse("test/accuracy", "1000", "4"),
        claims.NotWorse("test/accuracy", "1000 continued", "4", ours=True),
    ),
    figures=(
        figures.LearningCurves(metric="test/accuracy"),
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="train/loss"),
        figures.Columns(metrics=("train/accuracy", "test/accuracy", "gap/accuracy", "test/loss")),
        figures.FinalValues(metric="test/accuracy"),
    ),
    scales={
        "demo": Scale(
            set={
                "data": Digits(normalization=CENTERED),
                "model": SMALL_LENET,
                "epochs": 15,
            },
            replicates=3,
        ),
        "full": Scale(),
    },
    notes=(
        "The number of updates differs by a factor of 1,000 between batches of 1 and of 1,000, at "
        "the same number of epochs.",
        "The report's curve of batch 1,000 begins at a training accuracy of 80 % and a test "
        "accuracy of 60 %: that network was trained before. From scratch is the fair comparison; "
        "the arm `1000 continued`, a whole training with batches of 4 before, stands for what the "
        "report did.",
        "The report prints ranges along training, not means. Test accuracy: 45 to 47.5 % with "
        "batch 1, 48 to 60 % with 4, 60 to 63 % with 1,000. Training accuracy: 38 to 48 %, 35 to "
        "70 %, 80 to 87 %.",
    ),
    acknowledged={
        "updates": "the report compares at an equal number of epochs, so that every network sees "
        "every image equally often",
        "warm_start": "`1000 continued` stands for the report's network of batch 1,000, which had "
        "been trained before",
    },
)
