"""Is the loss lower where a stationary point is more like a minimum? Report E, fifth."""

from paribus import claims, figures
from paribus.data.functions import Function
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.probes.hessian import HessianSpectrum
from paribus.study.study import Scale, Study
from paribus.training.recipe import EarlyStopping, Recipe
from paribus.training.second_phase import GradientNormPhase


def method(decompositions: int, gradients: int) -> Factor:
    """Both methods, with so many iterations at most.

    One of the first decomposes the Hessian, one of the second takes gradients of the norm.
    """
    return Factor(
        "second_phase",
        {
            "levenberg_marquardt": GradientNormPhase(
                method="levenberg_marquardt", iterations=decompositions
            ),
            "lbfgs": GradientNormPhase(method="lbfgs", iterations=gradients),
        },
        name="method",
    )


ACTIVATION = Factor("model.activation", ["relu", "tanh"])

STUDY = Study(
    name="minimal-ratio",
    report="E",
    question="Where the gradient vanishes, is the loss lower the more it is like a minimum there?",
    description=(
        "The loss of a small network is minimized until it no longer falls, and then the norm of "
        "its gradient, in float64, so that the network stands at a stationary point. The minimal "
        "ratio is the share of the eigenvalues of the exact Hessian that are above 0: 1 at a "
        "strict minimum, less at a saddle. A relu network has kinks, at which its gradient need "
        "not vanish; a tanh network of the same layers has none. Two methods of making the "
        "gradient vanish are compared, and runs in which it did not are marked."
    ),
    source="Course report E: deep against shallow networks, optimization, generalization.",
    recipe=Recipe(
        data=Function(name="sinc"),
        model=MLP(hidden=(10, 18, 15, 4)),
        optimizer=Adam(learning_rate=5e-4),
        loss="mean_squared_error",
        batch_size=1000,
        epochs=10_000,
        evaluate=100,
        # No improvement by 1 % in 500 epochs.
        early_stopping=EarlyStopping(metric="train/loss", patience=5, relative_change=0.01),
        second_phase=GradientNormPhase(),
        precision="float64",
    ),
    factors=(ACTIVATION, method(200, 5_000)),
    replicates=100,
    probes=(HessianSpectrum(),),
    claims=(
        claims.Correlates(
            "train/loss",
            "hessian/minimal_ratio",
            "negative",
            wording="Runs with a higher training loss have a lower minimal ratio",
            ours=True,
        ),
    ),
    figures=(
        figures.RunScatter(
            x="hessian/minimal_ratio",
            y="train/loss",
            log_y=True,
            unless="second_phase/converged",
            unless_label="gradient norm not below 0.0001",
        ),
        figures.Columns(
            metrics=(
                "second_phase/converged",
                "second_phase/end_norm",
                "hessian/minimal_ratio",
                "train/loss",
            ),
            remark="The mean of `second_phase/converged` is the share of the runs whose gradient "
            "norm came below 0.0001 while the loss did not double",
        ),
        figures.Along(
            metric="hessian/minimal_ratio_over_tolerance",
            axis="tolerance",
            log_axis=True,
            remark="An eigenvalue counts as above 0 beyond the tolerance times the largest "
            "absolute one",
        ),
        figures.Along(metric="second_phase/gradient_norm", axis="iteration", log=True),
        figures.Along(metric="second_phase/loss", axis="iteration", log=True),
        figures.LearningCurves(metric="train/loss", log=True),
    ),
    scales={
        "demo": Scale(
            set={
                "data": Function(name="sinc", examples=100),
                "model.hidden": (5, 5),
                "optimizer.learning_rate": 5e-3,
                "epochs": 3000,
            },
            factors=(ACTIVATION, method(20, 500)),
            replicates=8,
        ),
        "full": Scale(),
    },
    notes=(
        "Adam at 0.0005 until the loss has not improved by 1 % in 500 epochs, for 10,000 at most, "
        "is ours; so are the tanh twin, both methods of the second phase, and float64.",
        "No step of the second phase may take the loss above twice what the first phase reached.",
        "The report gives a smallest gradient norm of 0.046, which is not near zero, and a "
        "minimal ratio of 0.752. They are not means, so they stand here and not beside ours.",
        "The minimal ratio is that at a tolerance of 1e-8 of the largest absolute eigenvalue; the "
        "curve shows how much that choice decides.",
    ),
)
