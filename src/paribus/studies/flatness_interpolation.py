"""What lies between two trainings of one network? Report E, eighth experiment."""

from paribus import analyses, claims, figures
from paribus.data.digits import Digits
from paribus.data.idx_images import MNIST
from paribus.design.factor import Factor
from paribus.models.mlp import MLP
from paribus.optimizers.adam import Adam
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

STUDY = Study(
    name="flatness-interpolation",
    report="E",
    question="Is there a barrier on the straight line between two trainings of one network?",
    description=(
        "One network from one initialization is trained twice, with learning rates of 0.001 and "
        "0.01, and with batches of 64 and of 1,024. Then loss and accuracy of the networks "
        "(1 - a) w1 + a w2 are measured for a from -1 to 2, where w1 and w2 are the weights of a "
        "pair. After Goodfellow, Vinyals and Saxe, Qualitatively characterizing neural network "
        "optimization problems (2015)."
    ),
    source="Course report E: deep against shallow networks, optimization, generalization.",
    recipe=Recipe(
        data=MNIST(),
        model=MLP(hidden=(256,)),
        optimizer=Adam(learning_rate=1e-3, weight_decay=1e-4),
        batch_size=128,
        epochs=5,
    ),
    factors=(
        Factor(
            "training",
            {
                "rate 0.001": {"optimizer.learning_rate": 1e-3},
                "rate 0.01": {"optimizer.learning_rate": 1e-2},
                "batch 64": {"batch_size": 64},
                "batch 1024": {"batch_size": 1024},
            },
        ),
    ),
    replicates=5,
    analyses=(
        analyses.Line(
            name="line",
            pairs=(("rate 0.001", "rate 0.01"), ("batch 64", "batch 1024")),
            low=-1.0,
            high=2.0,
            points=61,
        ),
    ),
    claims=(
        claims.Barrier("rate 0.001", "rate 0.01", margin=0.05, ours=True),
        claims.Barrier("batch 64", "batch 1024", margin=0.05, ours=True),
    ),
    figures=(
        figures.LineCurves(analysis="line"),
        figures.Columns(metrics=("train/loss", "test/loss", "train/accuracy", "test/accuracy")),
        figures.LearningCurves(metric="train/loss", log=True),
    ),
    scales={
        "demo": Scale(set={"data": Digits(), "epochs": 20}),
        "full": Scale(),
    },
    notes=(
        "The report has the pair of learning rates. The pair of batch sizes, at a rate of 0.001, "
        "is ours, and so are 256 hidden units and batches of 128 for the rates.",
    ),
    acknowledged={
        "updates": "the two ends of a line may come from trainings of any length; what is looked "
        "at is what lies between them"
    },
)
