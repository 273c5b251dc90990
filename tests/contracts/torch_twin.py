"""The same training in PyTorch: a plain loop, written as a user of PyTorch would write it.

Nothing here comes from Paribus but the recipe, which it reads. Skips whoever imports it where
PyTorch is not installed.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from paribus.models import CNN
from paribus.optimizers import SGD, Adam, Constant, Cosine, StepDecay
from paribus.training import Recipe

torch = pytest.importorskip("torch", reason="compares with PyTorch: needs torch installed")
nn, functional = torch.nn, torch.nn.functional

Arrays = Mapping[str, NDArray[np.floating]]


class HardSigmoid(nn.Module):
    """`nn.Hardsigmoid` by its definition, whose gradient PyTorch derives.

    The gradient that PyTorch has written by hand takes 1/6 in float32 even for float64, which is
    wrong by 3e-8 and after 200 steps by more than our bound.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu6(x + 3) / 6


ACTIVATIONS = {
    "celu": nn.CELU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "hard_sigmoid": HardSigmoid,
    "hard_swish": nn.Hardswish,
    "hard_tanh": nn.Hardtanh,
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "log_sigmoid": nn.LogSigmoid,
    "mish": nn.Mish,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "tanh": nn.Tanh,
}
POOLS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}
WEIGHTED = nn.Conv2d | nn.Linear


class TorchBatch(NamedTuple):
    """Inputs (examples, *shape) and targets: class indices, or vectors (examples, outputs)."""

    inputs: NDArray[np.floating]
    targets: NDArray[np.integer] | NDArray[np.floating]


class Reached(NamedTuple):
    """Where training is after a step: the batch's objective before it, the weights after it."""

    loss: float
    weights: Arrays


def torch_training(
    recipe: Recipe, weights: Arrays, batches: Sequence[TorchBatch]
) -> Iterator[Reached]:
    """One step on each batch, from these weights ("1.weight", "1.bias", "2.weight", ...)."""
    network = _network(recipe, weights)
    optimizer = _optimizer(recipe, list(network.parameters()))
    rate = optimizer.param_groups[0]["lr"]
    for step, batch in enumerate(batches):
        optimizer.param_groups[0]["lr"] = rate * rate_factor(recipe, step)
        optimizer.zero_grad()
        loss = _objective(recipe, network, batch)
        loss.backward()
        optimizer.step()
        yield Reached(loss.item(), _weights(network))


def rate_factor(recipe: Recipe, step: int) -> float:
    """The factor on the learning rate at a step, by its textbook formula."""
    per_epoch, schedule = recipe.steps_per_epoch, recipe.optimizer.schedule
    warmup = round(schedule.warmup * per_epoch)
    if step < warmup:
        return (step + 1) / warmup
    match schedule:
        case Constant():
            return 1.0
        case StepDecay():
            return schedule.factor ** ((step - warmup) // (schedule.every * per_epoch))
        case Cosine():
            share = (step - warmup) / (recipe.epochs * per_epoch - warmup)
            return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * share)) / 2


def _network(recipe: Recipe, weights: Arrays) -> nn.Sequential:
    model, activation = recipe.model, ACTIVATIONS[recipe.model.activation]
    layers = _convolutions(recipe) if isinstance(model, CNN) else []
    layers.append(nn.Flatten())
    for outputs, inputs in [array.shape for array in weights.values() if array.ndim == 2]:
        layers += [nn.Linear(inputs, outputs), activation()]
    layers.pop()  # no activation after the last layer
    if not isinstance(model, CNN) and model.output == "softmax":
        layers.append(nn.Softmax(dim=1))
    network = nn.Sequential(*layers).to(torch.tensor(weights["1.weight"]).dtype)
    for number, layer in _weighted(network):
        found = {part: torch.tensor(weights[f"{number}.{part}"]) for part in ("weight", "bias")}
        layer.load_state_dict(found)
    return network


def _convolutions(recipe: Recipe) -> list[nn.Module]:
    shape = recipe.data.facts().shape
    channels = shape[2] if len(shape) == 3 else 1
    layers: list[nn.Module] = []
    for one in recipe.model.convolutions:
        layers.append(nn.Conv2d(channels, one.channels, one.kernel, one.stride, one.padding))
        layers.append(ACTIVATIONS[recipe.model.activation]())
        if one.pool is not None:
            layers.append(POOLS[one.pool.mode](one.pool.size))
        channels = one.channels
    return layers


def _weighted(network: nn.Sequential) -> Iterator[tuple[int, nn.Module]]:
    """The layers that hold weights, numbered from the input on."""
    return enumerate((layer for layer in network if isinstance(layer, WEIGHTED)), start=1)


def _weights(network: nn.Sequential) -> dict[str, NDArray[np.floating]]:
    return {
        f"{number}.{part}": getattr(layer, part).detach().numpy().copy()
        for number, layer in _weighted(network)
        for part in ("weight", "bias")
    }


def _optimizer(recipe: Recipe, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    rule = recipe.optimizer
    shared = {"lr": rule.learning_rate, "weight_decay": rule.weight_decay}
    if isinstance(rule, SGD):
        return torch.optim.SGD(parameters, momentum=rule.momentum, **shared)
    kind = torch.optim.Adam if isinstance(rule, Adam) else torch.optim.AdamW
    return kind(parameters, betas=(rule.b1, rule.b2), eps=rule.epsilon, **shared)


def _objective(recipe: Recipe, network: nn.Sequential, batch: TorchBatch) -> torch.Tensor:
    outputs = network(_inputs(recipe, batch))
    total = _loss(recipe, outputs, torch.tensor(batch.targets))
    weights = [layer.weight for _, layer in _weighted(network)]
    if recipe.penalties.l1:
        total = total + recipe.penalties.l1 * sum(weight.abs().sum() for weight in weights)
    if recipe.penalties.l2:
        total = total + recipe.penalties.l2 * sum(weight.pow(2).sum() for weight in weights)
    return total


def _inputs(recipe: Recipe, batch: TorchBatch) -> torch.Tensor:
    inputs = torch.tensor(batch.inputs)
    if not isinstance(recipe.model, CNN):
        return inputs
    # PyTorch has channels before rows and columns.
    return inputs.permute(0, 3, 1, 2) if inputs.ndim == 4 else inputs.unsqueeze(1)


def _loss(recipe: Recipe, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    if targets.is_floating_point():
        return functional.mse_loss(outputs, targets.to(outputs.dtype))
    targets = targets.long()
    one_hot = functional.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
    match recipe.loss:
        case "cross_entropy":
            return functional.cross_entropy(outputs, targets)
        case "kl_divergence":
            logs = functional.log_softmax(outputs, dim=1)
            return functional.kl_div(logs, one_hot, reduction="batchmean")
        case "mean_squared_error":
            return functional.mse_loss(outputs, one_hot)
