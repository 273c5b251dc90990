"""Are cross-entropy and KL divergence to one-hot targets one loss? Report B, second experiment."""

from paribus import analyses, claims, figures
from paribus.data.digits import Digits
from paribus.data.idx_images import FashionMNIST
from paribus.design.factor import Factor
from paribus.models.cnn import CNN, Convolution, Pool
from paribus.models.initialize import Initialization
from paribus.models.mlp import MLP
from paribus.optimizers.adam import AdamW
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe


def architecture(kernels: tuple[int, int], pools: tuple[Pool | None, Pool | None]) -> Factor:
    """Three architectures, of which the last has two convolutions."""
    convolutions = tuple(
        Convolution(channels=channels, kernel=kernel, pool=pool)
        for channels, kernel, pool in zip((6, 16), kernels, pools, strict=True)
    )
    return Factor(
        "architecture",
        {
            "0": {"model.hidden": (), "model.activation": "identity"},
            "6": {"model.hidden": (128,)},
            "16": {"model": CNN(convolutions=convolutions, hidden=(128, 64))},
        },
    )


LOSSES = ("cross_entropy", "kl_divergence")
LOSS = Factor("loss", LOSSES)

STUDY = Study(
    name="loss-equivalence",
    report="B",
    question="Does it matter whether cross-entropy or KL divergence to one-hot targets is used?",
    description=(
        "KL(t || p) = H(t, p) - H(t), and a one-hot target has no entropy: on paper the two "
        "losses are the same function. In floating point they are computed differently."
    ),
    source="Course report B: Fashion-MNIST, seventeen architectures.",
    recipe=Recipe(
        data=FashionMNIST(),
        model=MLP(hidden=(128,)),
        optimizer=AdamW(learning_rate=3e-4, weight_decay=1e-3),
        initialization=Initialization(weights="xavier_normal"),
        batch_size=32,
        epochs=50,
    ),
    factors=(architecture((5, 5), (Pool(), Pool())), LOSS),
    replicates=5,
    analyses=(analyses.FirstSteps(pairs=(LOSSES,)),),
    claims=(
        claims.Below(
            "first_steps/gradient_difference",
            1e-12,
            wording="On the first batch both losses have one gradient, to 1e-12 in float64",
        ),
        claims.Below(
            "first_steps/loss_difference",
            1e-5,
            wording="For the first 100 steps both losses are one, to the rounding of float32",
        ),
        claims.Equal("test/accuracy", *LOSSES, margin=0.003),
    ),
    figures=(
        figures.Computed(
            title="How far the two losses are apart at the start of training",
            quantities=("first_steps/gradient_difference", "first_steps/loss_difference"),
            remark="Relative differences: of an entry of the first batch's gradient, in float64, "
            "to the largest entry; of the objective at any of the first 100 steps, as trained",
        ),
        figures.FinalValues(metric="test/accuracy"),
        figures.LearningCurves(metric="train/loss"),
        figures.LearningCurves(metric="test/accuracy"),
    ),
    scales={
        "demo": Scale(
            # Digits of 8 x 8 are too small for two kernels of 5 x 5.
            set={"data": Digits(), "epochs": 10},
            factors=(architecture((3, 2), (Pool(), None)), LOSS),
        ),
        "full": Scale(),
    },
    notes=(
        "Architectures 0, 6 and 16 are those of the study fashion-architectures: softmax "
        "regression, one hidden layer of 128, and two convolutions.",
    ),
)
