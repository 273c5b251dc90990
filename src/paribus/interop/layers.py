"""PyTorch's layers of a declared network: one description for the script and for the module.

A layer is named by its class in `torch.nn` and what that is called with, so that a script can
write it and a module be built of it, and the two have the same names of weights.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from paribus.errors import ParibusError
from paribus.models.base import Model
from paribus.models.cnn import CNN, Convolution
from paribus.models.mlp import MLP

ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {
        "celu": "CELU",
        "elu": "ELU",
        "gelu": "GELU",
        "hard_sigmoid": "Hardsigmoid",
        "hard_swish": "Hardswish",
        "hard_tanh": "Hardtanh",
        "identity": "Identity",
        "leaky_relu": "LeakyReLU",
        "log_sigmoid": "LogSigmoid",
        "mish": "Mish",
        "relu": "ReLU",
        "relu6": "ReLU6",
        "selu": "SELU",
        "sigmoid": "Sigmoid",
        "silu": "SiLU",
        "softplus": "Softplus",
        "softsign": "Softsign",
        "tanh": "Tanh",
    }
)
"""The name in `torch.nn` of each activation."""
_POOLS = {"max": "MaxPool2d", "average": "AvgPool2d"}


@dataclass(frozen=True)
class Layer:
    """A layer of `torch.nn`: the name of its class, and what that is called with."""

    kind: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weighted(self) -> bool:
        """Whether it has a weight and a bias."""
        return self.kind in ("Linear", "Conv2d")

    def __str__(self) -> str:
        options = (f"{name}={value!r}" for name, value in self.options.items())
        return f"nn.{self.kind}({', '.join([*map(repr, self.arguments), *options])})"


Arrays = Mapping[str, NDArray[Any]]
Blocks = Mapping[str, Sequence[Layer]]
"""Layers by the name of the `nn.Sequential` that holds them, in the order of their use."""


def blocks_of(model: Model, weights: Arrays) -> Blocks:
    """The layers of a declared network with weights of these shapes, by our names of them.

    A perceptron has one block, `layers`, that takes examples of any shape; a convolutional network
    has `features`, which takes images (examples, channels, height, width), and `classifier`.
    Raises `ParibusError` for a model that is neither.
    """
    match model:
        case MLP():
            layers = _dense(model, weights)
            if model.output == "softmax":
                layers.append(Layer("Softmax", (), {"dim": 1}))
            return {"layers": layers}
        case CNN():
            inputs = [shape[1] for shape in _shapes(weights) if len(shape) == 4]
            features = [
                layer
                for one, channels in zip(model.convolutions, inputs, strict=True)
                for layer in _convolution(one, channels, model.activation)
            ]
            return {"features": features, "classifier": _dense(model, weights)}
    raise ParibusError(
        f"model: got {type(model).__name__}; what PyTorch has for it is known of MLP and CNN only"
    )


def torch_names(blocks: Blocks) -> dict[str, str]:
    """The name in PyTorch's `state_dict` of each weight and bias, by ours ("1.weight", ...)."""
    return {
        f"{number}.{part}": f"{place}.{part}"
        for number, place in enumerate(_weighted(blocks), start=1)
        for part in ("weight", "bias")
    }


def as_state_dict(blocks: Blocks, weights: Arrays) -> dict[str, NDArray[Any]]:
    """Arrays under the names that PyTorch has for them; their layouts are the same."""
    return {name: weights[ours] for ours, name in torch_names(blocks).items()}


def _weighted(blocks: Blocks) -> Iterator[str]:
    for block, layers in blocks.items():
        for number, layer in enumerate(layers):
            if layer.weighted:
                yield f"{block}.{number}"


def _shapes(weights: Arrays) -> list[tuple[int, ...]]:
    """The shapes of the layers' weights, from the input on; a file has them in another order."""
    count = sum(name.endswith(".weight") for name in weights)
    return [weights[f"{number}.weight"].shape for number in range(1, count + 1)]


def _dense(model: MLP | CNN, weights: Arrays) -> list[Layer]:
    layers = [Layer("Flatten")]
    *hidden, last = (shape for shape in _shapes(weights) if len(shape) == 2)
    for outputs, inputs in hidden:
        layers += [Layer("Linear", (inputs, outputs)), _activation(model.activation)]
        if model.dropout:
            layers.append(Layer("Dropout", (model.dropout,)))
    return [*layers, Layer("Linear", (last[1], last[0]))]


def _activation(declared: Any) -> Layer:
    assert isinstance(declared, str)  # functions of a user's own are refused before
    return Layer(ACTIVATIONS[declared])


def _convolution(declared: Convolution, channels: int, activation: Any) -> Iterator[Layer]:
    options: dict[str, Any] = {"kernel_size": declared.kernel}
    if declared.stride != 1:
        options["stride"] = declared.stride
    if declared.padding != 0:
        options["padding"] = declared.padding
    yield Layer("Conv2d", (channels, declared.channels), options)
    yield _activation(activation)
    if declared.pool is not None:
        yield Layer(_POOLS[declared.pool.mode], (declared.pool.size,))
