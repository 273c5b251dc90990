"""Are cross-entropy and KL divergence to one-hot targets one loss? Report B, second experiment."""

from paribus.data.digits import Digits
from paribus.data.idx_images import FashionMNIST
from paribus.design.factor import Factor
from paribus.models.initialize import Initialization
from paribus.models.mlp import MLP
from paribus.optimizers.adam import AdamW
from paribus.study.study import Scale, Study
from paribus.training.recipe import Recipe

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
    factors=(
        Factor("architecture", {"0": {"model.hidden": ()}, "6": {"model.hidden": (128,)}}),
        Factor("loss", ["cross_entropy", "kl_divergence"]),
    ),
    replicates=5,
    scales={
        "demo": Scale(set={"data": Digits(), "epochs": 10}),
        "full": Scale(),
    },
    notes=("Architectures 0 and 6 are those of the study fashion-architectures.",),
)
