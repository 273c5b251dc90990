"""The networks and update rules in PyTorch, for the peers that are written in it."""

import itertools
from collections.abc import Iterable

import torch
from torch import nn

from workloads import MOMENTUM, WEIGHT_DECAY, Workload


def network(workload: Workload) -> nn.Module:
    """The workload's network, for a batch of flat inputs or images, channels first."""
    return _mlp(workload.widths) if workload.widths else _lenet()


def _mlp(widths: tuple[int, ...]) -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def optimizer(
    workload: Workload, weights: Iterable[torch.Tensor], *, fused: bool | None = None
) -> torch.optim.Optimizer:
    """The workload's update rule; `fused` asks for PyTorch's one-pass kernels."""
    rate = workload.learning_rate
    match workload.optimizer:
        case "sgd":
            return torch.optim.SGD(weights, lr=rate, momentum=MOMENTUM, fused=fused)
        case "adam":
            return torch.optim.Adam(weights, lr=rate, fused=fused)
        case "adamw":
            return torch.optim.AdamW(weights, lr=rate, weight_decay=WEIGHT_DECAY, fused=fused)
