"""Which regularization helps a small perceptron, all else equal? Report C, second experiment."""

from paribus import claims, figures
from paribus.claims.metric import GAP
from paribus.data.digits import Digits
from paribus.data.gurmukhi import Gurmukhi
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.optimizers.sgd import SGD
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

L2, DROPOUT = {"penalties.l2": 0.0019}, {"model.dropout": 0.25}
OTHER_RATE = {"optimizer.learning_rate": 0.0033}
AS_REPORTED = {"optimizer": "adam"}
OTHERS = ["none", "L1", "dropout"]

STUDY = Study(
    name="regularization-small",
    report="C",
    question="Which of L1, L2 and dropout helps a perceptron of three layers of 13 units?",
    description=(
        "The report trains L2 and dropout with a learning rate 10 % above that of the others, so "
        "what it compares is a regularization and a rate at once. Those arms are trained as they "
        "were, and beside them `L2 at 0.003` and `dropout at 0.003`, which differ from the others "
        "in nothing but the regularization."
    ),
    source="Course report C: depth at which training stalls, regularization, gradient checking.",
    recipe=Recipe(
        data=Gurmukhi(),
        model=MLP(hidden=(13, 13, 13)),
        optimizer=Adam(learning_rate=0.003),
        batch_size=32,
        epochs=25,
    ),
    factors=(
        Factor(
            "optimizer",
            {"adam": Adam(learning_rate=0.003), "sgd": SGD(learning_rate=0.003)},
        ),
        Factor(
            "regularization",
            {
                "none": {},
                "L1": {"penalties.l1": 0.0018},
                "L2": L2 | OTHER_RATE,
                "dropout": DROPOUT | OTHER_RATE,
                "L2 at 0.003": L2,
                "dropout at 0.003": DROPOUT,
            },
        ),
    ),
    replicates=5,
    claims=(
        claims.Above(GAP, 0.0, [*OTHERS, "L2"], at=AS_REPORTED),
        claims.Gap(
            OTHERS,
            "L2",
            at=AS_REPORTED,
            wording="L2 has the largest gap between training "
            "and test accuracy of the report's four arms",
        ),
        claims.Better("test/accuracy", ["L1", "dropout"], "none", at=AS_REPORTED),
        claims.Gap(["none", "L1", "dropout at 0.003"], "L2 at 0.003", at=AS_REPORTED, ours=True),
        claims.Better("test/accuracy", "dropout at 0.003", "none", at=AS_REPORTED, ours=True),
    ),
    figures=(
        figures.Columns(metrics=("train/accuracy", "test/accuracy", "gap/accuracy", "test/loss")),
        figures.FinalValues(metric="gap/accuracy"),
        figures.LearningCurves(metric="train/accuracy"),
        figures.LearningCurves(metric="test/accuracy"),
    ),
    scales={
        # As many examples as of the report's digits.
        "demo": Scale(set={"data": Digits(validation=437)}),
        "full": Scale(),
    },
    notes=(
        "The report does not name its data. The Gurmukhi digits are inferred: its test accuracy "
        "and the course's task fit them.",
        "The report does not name its optimizer. Adam is inferred; the arms of SGD, with the same "
        "rates, are ours.",
        "The report changed the learning rate together with L2 and with dropout. The arms at "
        "0.003 are ours.",
        "The report's losses and accuracies are on an unknown scale, so only our own are shown.",
    ),
    acknowledged={
        "optimizer.learning_rate": "these are the report's arms as it trained them; `L2 at 0.003` "
        "and `dropout at 0.003` have the rate of the others"
    },
)
