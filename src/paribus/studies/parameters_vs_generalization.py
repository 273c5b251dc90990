"""Does a wider network generalize worse? Report E, seventh experiment."""

from paribus import claims, figures
from paribus.claims.metric import GAP
from paribus.data.digits import Digits
from paribus.data.idx_images import MNIST
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe


def hidden(*widths: int) -> Factor:
    """One hidden layer of these widths."""
    levels = {str(width): (width,) for width in widths}
    return Factor("model.hidden", levels, name="hidden_units")


STUDY = Study(
    name="parameters-vs-generalization",
    report="E",
    question="Do more parameters than examples make a network worse on new examples?",
    description=(
        "Ten perceptrons with one hidden layer of 60 to 1,990 units, that is 47,710 to 1,582,060 "
        "parameters, on 60,000 examples. That training loss falls with size is expected; what "
        "happens to the test loss is the question."
    ),
    source="Course report E: deep against shallow networks, optimization, generalization.",
    recipe=Recipe(
        data=MNIST(),
        model=MLP(hidden=(60,)),
        optimizer=Adam(learning_rate=1e-3),
        batch_size=128,
        epochs=20,
    ),
    factors=(hidden(60, 120, 250, 500, 570, 720, 1050, 1200, 1550, 1990),),
    replicates=5,
    claims=(
        claims.Trend("train/loss", "hidden_units", "down"),
        claims.Trend("test/loss", "hidden_units", "down"),
        claims.Trend("train/accuracy", "hidden_units", "up"),
        claims.Trend("test/accuracy", "hidden_units", "up"),
        claims.Trend(GAP, "hidden_units", "up", ours=True),
    ),
    figures=(
        figures.AgainstParameters(metrics=("train/loss", "test/loss")),
        figures.AgainstParameters(metrics=("train/accuracy", "test/accuracy")),
        figures.AgainstParameters(metrics=("gap/accuracy",)),
        figures.Columns(
            metrics=("train/loss", "test/loss", "train/accuracy", "test/accuracy", "gap/accuracy")
        ),
    ),
    scales={
        "demo": Scale(
            set={"data": Digits(), "batch_size": 32, "epochs": 15},
            factors=(hidden(4, 8, 16, 32, 64, 128, 256, 512),),
            replicates=3,
        ),
        "full": Scale(),
    },
    notes=(
        "Batches of 128 and 20 epochs are ours. The report also changed the batch size from one "
        "network to the other; here it is the same for all.",
    ),
)
