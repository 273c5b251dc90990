"""The trainings that the engine's benchmark times, declared once for all who take part in it.

Peers read them from here. Paribus has them as study files in `studies/`, as a user would write
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DataName = Literal["fashion_mnist", "cifar10", "cifar10_gray"]
"""Which images: 28 x 28, 32 x 32 x 3, or the latter in levels of gray."""


@dataclass(frozen=True)
class Workload:
    """One training: data, network, update rule, and how long those who take part train.

    `widths` are those of an MLP's layers, from inputs to outputs; () stands for LeNet. `options`
    are what `paribus run` is told beside the study, `epochs` its short and its long training.
    `expected` says how many microseconds a step of a peer takes, roughly and for all models that
    it trains at once; it decides nothing but how many steps the peer is given. A peer that is not
    in it would take minutes for a few steps.
    """

    title: str
    data: DataName
    study: str
    batch: int
    optimizer: Literal["sgd", "adam", "adamw"]
    learning_rate: float
    epochs: tuple[int, int]
    expected: Mapping[str, float]
    widths: tuple[int, ...] = ()
    options: tuple[str, ...] = ()
    mean: float = 0.0
    std: float = 1.0
    examples: int = 50_000

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of one model in an epoch; the last batch may be smaller."""
        return -(-self.examples // self.batch)


MOMENTUM = 0.9
"""Of SGD."""
WEIGHT_DECAY = 1e-3
"""Of AdamW."""


def _lenet(batch: int, expected: Mapping[str, float]) -> Workload:
    return Workload(
        title=f"LeNet, CIFAR-10, batch {batch}, SGD with momentum",
        data="cifar10",
        study="cifar_lenet.py",
        options=("--set", f"batch_size={batch}"),
        batch=batch,
        optimizer="sgd",
        learning_rate=1e-3,
        epochs=(1, 2),
        mean=0.5,
        std=0.5,
        expected=expected,
    )


WORKLOADS: dict[str, Workload] = {
    "mlp": Workload(
        title="MLP 784-128-10, Fashion-MNIST, batch 32, AdamW",
        data="fashion_mnist",
        study="fashion_mlp.py",
        widths=(784, 128, 10),
        batch=32,
        optimizer="adamw",
        learning_rate=3e-4,
        epochs=(1, 4),
        examples=60_000,
        expected={
            "dataloader": 2500,
            "eager-1": 550,
            "eager-2": 600,
            "processes": 600,
            "vmap-1": 5500,
            "vmap-2": 4500,
            "keras": 600,
            "jax-1": 300,
            "jax-10": 3000,
        },
    ),
    "lenet-4": _lenet(
        4,
        {
            "dataloader": 2000,
            "eager-1": 1300,
            "eager-2": 1300,
            "processes": 1400,
            "vmap-1": 13000,
            "vmap-2": 10000,
            "keras": 4000,
            "jax-1": 4000,
        },
    ),
    "lenet-32": _lenet(
        32,
        {
            "dataloader": 8000,
            "eager-1": 4600,
            "eager-2": 2800,
            "processes": 4700,
            "vmap-1": 46000,
            "vmap-2": 28000,
            "keras": 35000,
            "jax-1": 35000,
        },
    ),
    "lenet-128": _lenet(
        128,
        {
            "dataloader": 20000,
            "eager-1": 14500,
            "eager-2": 8000,
            "processes": 15000,
            "vmap-1": 150000,
            "vmap-2": 80000,
            "keras": 90000,
            "jax-1": 90000,
        },
    ),
    "lenet-1000": _lenet(
        1000,
        {
            "dataloader": 190000,
            "eager-1": 137000,
            "eager-2": 80000,
            "processes": 140000,
            "vmap-1": 1400000,
            "vmap-2": 800000,
            "keras": 7000000,
            "jax-1": 7000000,
        },
    ),
    "deep-mlp": Workload(
        title="MLP 1024-256x5-10, gray CIFAR-10, batch 1024, Adam",
        data="cifar10_gray",
        study="cifar_mlp.py",
        widths=(1024, 256, 256, 256, 256, 256, 10),
        batch=1024,
        optimizer="adam",
        learning_rate=1e-3,
        epochs=(1, 2),
        expected={
            "dataloader": 70000,
            "eager-1": 40000,
            "eager-2": 22000,
            "processes": 42000,
            "vmap-1": 400000,
            "vmap-2": 220000,
            "keras": 25000,
            "jax-1": 25000,
            "jax-10": 250000,
        },
    ),
}
