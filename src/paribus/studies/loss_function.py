"""Does a LeNet need cross-entropy, or does a squared error do? Report D, fifth experiment."""

from paribus import claims, figures
from paribus.data.base import Normalize
from paribus.data.cifar import CIFAR10
from paribus.data.digits import Digits
from paribus.design.factor import Factor
from paribus.models.lenet import LENET, SMALL_LENET
from paribus.optimizers.sgd import SGD
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

CENTERED = Normalize(mean=(0.5,), std=(0.5,))

STUDY = Study(
    name="loss-function",
    report="D",
    question="Is a LeNet trained with a squared error as accurate as one with cross-entropy?",
    description=(
        "Cross-entropy of the softmax of the outputs, or the mean squared difference of the "
        "outputs, as they are, from one-hot targets. Both networks name the class of the largest "
        "output, so their accuracies can be compared. Their losses cannot."
    ),
    source="Course report D: CIFAR-10 in color, from one layer to a LeNet.",
    recipe=Recipe(
        data=CIFAR10(normalization=CENTERED),
        model=LENET,
        optimizer=SGD(learning_rate=0.001, momentum=0.9),
        batch_size=4,
        epochs=50,
    ),
    factors=(Factor("loss", ["cross_entropy", "mean_squared_error"]),),
    replicates=5,
    claims=(
        claims.Equal("test/accuracy", "cross_entropy", "mean_squared_error", margin=0.02),
        claims.Better("test/loss", "mean_squared_error", "cross_entropy"),
    ),
    figures=(
        figures.FinalValues(metric="test/accuracy"),
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="test/accuracy"),
        figures.LearningCurves(
            metric="train/loss",
            log=True,
            remark="The two losses have different units: their values are not to be compared",
        ),
        figures.Columns(
            metrics=("train/accuracy", "test/accuracy", "test/loss"),
            remark="The two losses have different units: their values do not compare",
        ),
    ),
    scales={
        "demo": Scale(
            set={
                "data": Digits(normalization=CENTERED),
                "model": SMALL_LENET,
                "epochs": 20,
            },
        ),
        "full": Scale(),
    },
    notes=(
        "That the value of the squared error is the smaller one, as the report finds, compares "
        "different units: ln(10) = 2.303 and 0.09 are what the two losses give where every class "
        "is as likely as the other.",
    ),
)
