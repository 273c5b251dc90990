"""Are networks trained with large batches more sensitive to their inputs? Report E, ninth."""

from paribus import claims, figures
from paribus.data.digits import Digits
from paribus.data.idx_images import MNIST
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.sgd import SGD
from paribus.probes.hessian import LargestEigenvalues
from paribus.probes.sensitivity import Sensitivity
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

STUDY = Study(
    name="sensitivity",
    report="E",
    question="How do accuracy and the sensitivity to the input change with the batch size?",
    description=(
        "One perceptron, batches of 8 to 2,048, one learning rate and one number of epochs, so "
        "that the larger batches take fewer steps. Sensitivity is the mean norm of the loss's "
        "gradient by the input: how much a small change of an image would matter. Beside it is "
        "the sharpness where training ended: the largest eigenvalue of the Hessian."
    ),
    source="Course report E: deep against shallow networks, optimization, generalization.",
    recipe=Recipe(
        data=MNIST(),
        model=MLP(hidden=(256,)),
        optimizer=SGD(learning_rate=0.01),
        batch_size=128,
        epochs=10,
    ),
    factors=(Factor("batch_size", [8, 32, 128, 512, 2048]),),
    replicates=5,
    probes=(Sensitivity(), LargestEigenvalues(iterations=40, examples=2_000)),
    claims=(
        claims.Trend("test/accuracy", "batch_size", "down"),
        claims.Trend("test/loss", "batch_size", "up"),
        claims.Peak(
            "sensitivity/test",
            "batch_size",
            wording="The sensitivity on test examples is higher at an inner batch size than at "
            "both ends",
        ),
    ),
    figures=(
        figures.AgainstLevels(metrics=("train/loss", "test/loss"), factor="batch_size", log=True),
        figures.AgainstLevels(
            metrics=("train/accuracy", "test/accuracy"), factor="batch_size", log=True
        ),
        figures.AgainstLevels(
            metrics=("sensitivity/train", "sensitivity/test"), factor="batch_size", log=True
        ),
        figures.AgainstLevels(metrics=("hessian/largest",), factor="batch_size", log=True),
        figures.Columns(
            metrics=(
                "test/accuracy",
                "test/loss",
                "sensitivity/test",
                "hessian/largest",
                "hessian/residual",
            ),
            remark="The Hessian is that of the loss on 2,000 training examples; it has an "
            "eigenvalue no further than the residual from the one shown",
        ),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits(), "optimizer.learning_rate": 0.05},
            factors=(Factor("batch_size", [2, 8, 32, 128, 512]),),
            replicates=3,
        ),
        "full": Scale(),
    },
    notes=(
        "256 hidden units, a rate of 0.01 and 10 epochs are ours.",
        "The sharpness is ours: by Lanczos' method, 40 steps on 2,000 training examples in "
        "float64. Its residual says how near an eigenvalue is for certain.",
    ),
    acknowledged={
        "updates": "the report compares at an equal number of epochs, so that every network sees "
        "every image equally often"
    },
)
