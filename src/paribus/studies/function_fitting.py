"""Does depth help to fit a function, at equal parameters? Report E, first experiment."""

from paribus import claims, figures
from paribus.data.functions import Function
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.probes.outputs import Outputs
from paribus.study.scaled import Reported
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

SOURCE = "Course report E: deep against shallow networks, optimization, generalization."

CONVERGED = 0.001
MOST_EPOCHS = 20_000
DEEP, MIDDLE, SHALLOW = (5, 10, 10, 10, 10, 10, 5), (10, 18, 15, 4), (190,)
RATE = 0.0011

NETWORK = Factor(
    "network",
    {
        "deep": {"model.hidden": DEEP, "optimizer.learning_rate": 0.0012},
        "middle": {"model.hidden": MIDDLE, "optimizer.learning_rate": RATE},
        "shallow": {"model.hidden": SHALLOW, "optimizer.learning_rate": RATE},
        "deep at 0.0011": {"model.hidden": DEEP, "optimizer.learning_rate": RATE},
    },
)


def target(examples: int) -> Factor:
    """Both functions, at so many points."""
    functions = {
        "sinc": Function(name="sinc", examples=examples),
        "square wave": Function(name="square", examples=examples),
    }
    return Factor("data", functions, name="target")


STUDY = Study(
    name="function-fitting",
    report="E",
    question="Does a deep network fit a function sooner than a shallow one of as many parameters?",
    description=(
        "Three perceptrons of 571 or 572 parameters, with seven hidden layers, four and one, "
        "learn sin(5 pi x) / (5 pi x) and the sign of sin(5 pi x) on (0, 1]. A run ends when its "
        "loss is 0.001 or less. The report gives the deep network a learning rate of its own; "
        "`deep at 0.0011` is that network with the rate of the other two, so that three networks "
        "are compared which differ in nothing but their layers."
    ),
    source=SOURCE,
    recipe=Recipe(
        data=Function(name="sinc"),
        model=MLP(hidden=MIDDLE, activation="leaky_relu"),
        optimizer=Adam(learning_rate=RATE, weight_decay=1e-4),
        loss="mean_squared_error",
        batch_size=1000,
        epochs=MOST_EPOCHS,
        evaluate=100,
        loss_threshold=CONVERGED,
    ),
    factors=(NETWORK, target(1000)),
    replicates=5,
    probes=(Outputs(),),
    claims=(
        claims.Sooner("batch/loss", "deep", "middle", reaching=CONVERGED, at={"target": "sinc"}),
        claims.Sooner(
            "batch/loss", "shallow", "middle", reaching=CONVERGED, at={"target": "sinc"}
        ),
        claims.Order("train/loss", ["deep", "middle", "shallow"], at={"target": "square wave"}),
        claims.Sooner(
            "batch/loss",
            "deep at 0.0011",
            "middle",
            reaching=CONVERGED,
            at={"target": "sinc"},
            ours=True,
        ),
        claims.Order(
            "train/loss",
            ["deep at 0.0011", "middle", "shallow"],
            at={"target": "square wave"},
            ours=True,
        ),
    ),
    figures=(
        figures.FittedFunctions(),
        figures.LearningCurves(metric="train/loss", log=True),
        figures.Columns(
            metrics=("epochs/trained", "train/loss", "test/loss"),
            remark="A run that was trained for all of the epochs did not converge",
        ),
    ),
    scales={
        "demo": Scale(set={"epochs": 6000}, factors=(NETWORK, target(100))),
        "full": Scale(
            reported=Reported(
                metric="epochs/trained",
                values={
                    "deep · sinc": 2061,
                    "middle · sinc": 5172,
                    "shallow · sinc": 2186,
                    "deep · square wave": MOST_EPOCHS,
                    "middle · square wave": MOST_EPOCHS,
                    "shallow · square wave": MOST_EPOCHS,
                },
                source=SOURCE,
            )
        ),
    },
    notes=(
        "1,000 points, all of them in every step, are ours; the loss is evaluated every 100 "
        "epochs, and an epoch's own loss, which ends a run, is known at each.",
        "The report trains the deep network with a rate of 0.0012 and the others with 0.0011. The "
        "arm `deep at 0.0011` is ours.",
        "The sign of sin(5 pi x) is defined by its intervals, so that rounding decides nothing.",
    ),
    acknowledged={
        "optimizer.learning_rate": "the report gives the deep network a rate of its own; `deep at "
        "0.0011` has that of the others"
    },
)
