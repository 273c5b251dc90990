"""Does a LeNet gain from random crops and flips? Report D, fourth experiment."""

from paribus import claims, figures
from paribus.data.augment import Flip, ResizedCrop
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
    name="augmentation",
    report="D",
    question="Does random cropping and flipping of the training images make a LeNet better?",
    description=(
        "A LeNet sees every training image as it is, or each time another part of it: a box of 8 "
        "to 100 % of its area, resized to the whole, and half of them mirrored. That is harder to "
        "learn by heart, and harder to learn. Test images are left as they are."
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
            "augmentation",
            {
                "plain": (),
                "augmented": (
                    ResizedCrop(scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3)),
                    Flip(probability=0.5),
                ),
            },
        ),
    ),
    replicates=5,
    claims=(
        claims.Gap("augmented", "plain"),
        claims.Better("test/accuracy", "augmented", "plain"),
    ),
    figures=(
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="test/accuracy"),
        figures.LearningCurves(metric="train/loss"),
        figures.FinalValues(metric="gap/accuracy"),
        figures.Columns(metrics=("train/accuracy", "test/accuracy", "gap/accuracy", "test/loss")),
    ),
    scales={
        "demo": Scale(
            set={
                "data": Digits(normalization=CENTERED),
                "model": SMALL_LENET,
                "epochs": 20,
            },
            replicates=5,
        ),
        "full": Scale(),
    },
    notes=(
        "Training accuracy is measured on the images as they are, not on their random parts.",
        "The demo's digits are not made for this: a mirrored digit is none.",
    ),
)
