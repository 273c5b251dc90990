"""Convolutional networks: blocks of convolution, activation, pooling, then dense layers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from paribus.errors import DeclarationError, Fault
from paribus.models.activations import ACTIVATIONS, ActivationName
from paribus.models.base import Model, linear
from paribus.models.convolution import convolve, output_size, tile_for
from paribus.models.pooling import PoolMode, pooled
from paribus.models.tiles import Images, untiled
from paribus.spec import Count, Share, Spec, Whole, is_absent


class Pool(Spec):
    """Pooling over windows of size x size pixels that lie side by side."""

    mode: PoolMode = "max"
    size: Count = 2


class Convolution(Spec):
    """A convolution with a kernel of kernel x kernel pixels, the activation, then pooling.

    `padding` is how many zeros are added on each of the four sides.
    """

    channels: Count
    kernel: Count
    stride: Count = 1
    padding: Whole = 0
    pool: Pool | None = None

    def sizes(self, side: int) -> tuple[int, int]:
        """The side of the image after the convolution and after pooling; below 1: none."""
        convolved = output_size(side, self.kernel, self.stride, self.padding)
        return convolved, convolved // self.pool.size if self.pool else convolved


class CNN(Model):
    """A convolutional network on images (height, width) or (height, width, channels).

    The last convolution's output is flattened in PyTorch's order (channels, height, width) and
    goes through dense layers of the widths in `hidden`. `dropout` is the probability of zeroing
    a unit of those in training.
    """

    kind: Literal["cnn"] = "cnn"
    convolutions: tuple[Convolution, ...]
    hidden: tuple[Count, ...] = (128,)
    activation: ActivationName = "relu"
    dropout: Share = 0.0

    def faults(self, shape: tuple[int, ...], outputs: int) -> list[Fault]:  # noqa: ARG002 - every model is asked the same
        """What keeps this network from being built for examples of this shape."""
        if len(shape) not in (2, 3):
            problem = f"needs images (height, width) or (height, width, channels); got {shape}"
            return [Fault("", problem)]
        sides = shape[:2]
        for number, layer in enumerate(self.convolutions):
            fault = _fault(f"convolutions.{number}", layer, sides)
            if fault is not None:
                return [fault]  # what comes after it has no size
            sides = tuple(layer.sizes(side)[1] for side in sides)
        return []

    def build(self, shape: tuple[int, ...], outputs: int) -> eqx.Module:
        faults = self.faults(shape, outputs)
        if faults:
            raise DeclarationError(type(self).__name__, faults)
        (height, width), channels = shape[:2], shape[2] if len(shape) == 3 else 1
        convolutions = []
        for layer in self.convolutions:
            convolutions.append(_ConvolutionLayer(layer, channels))
            height, width = layer.sizes(height)[1], layer.sizes(width)[1]
            channels = layer.channels
        widths = (channels * height * width, *self.hidden, outputs)
        dense = [linear(*pair) for pair in pairwise(widths)]
        dropout = None if is_absent(self.dropout) else eqx.nn.Dropout(self.dropout)
        return _Network(tuple(convolutions), tuple(dense), dropout, self.activation)


def _fault(path: str, layer: Convolution, sides: Sequence[int]) -> Fault | None:
    image = " x ".join(str(side) for side in sides)
    convolved = [layer.sizes(side)[0] for side in sides]
    if min(convolved) < 1:
        widest = min(sides) + 2 * layer.padding
        problem = f"got {layer.kernel}; its input is {image} pixels with padding {layer.padding}"
        return Fault(f"{path}.kernel", f"{problem}, so {widest} or less is allowed")
    if layer.pool is not None and layer.pool.size > min(convolved):
        image = " x ".join(str(side) for side in convolved)
        problem = f"got {layer.pool.size}; its input is {image} pixels"
        return Fault(f"{path}.pool.size", f"{problem}, so {min(convolved)} or less is allowed")
    return None


class _ConvolutionLayer(eqx.Module):
    """Weights as PyTorch stores them: (out, in, rows, columns) and (out,)."""

    weight: Any
    bias: Any
    declared: Convolution = eqx.field(static=True)

    def __init__(self, declared: Convolution, inputs: int) -> None:
        shape = (declared.channels, inputs, declared.kernel, declared.kernel)
        self.weight = jax.ShapeDtypeStruct(shape, jnp.float32)
        self.bias = jax.ShapeDtypeStruct(shape[:1], jnp.float32)
        self.declared = declared

    def __call__(self, images: Images, activation: ActivationName) -> Images:
        stride, padding, pool = self.declared.stride, self.declared.padding, self.declared.pool
        size = pool.size if pool else 1
        tile = tile_for(images.shape, self.weight.shape, stride, padding, size)
        tiles = convolve(images, self.weight, stride, padding, tile)
        values = ACTIVATIONS[activation](tiles.values + self.bias[:, None])
        tiles = tiles.replace(values)
        return untiled(pooled(tiles, pool.mode, pool.size) if pool else tiles)


class _Network(eqx.Module):
    """Computes a whole batch at once, with examples along the last axis of all that is inside."""

    convolutions: tuple[_ConvolutionLayer, ...]
    dense: tuple[eqx.nn.Linear, ...]
    dropout: eqx.nn.Dropout | None
    activation: ActivationName = eqx.field(static=True)

    def __call__(
        self, x: Float[Array, "*shape"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, " outputs"]:
        return self.batch(x[None], None if key is None else key[None])[0]

    def batch(
        self, inputs: Float[Array, " examples *shape"], keys: PRNGKeyArray | None = None
    ) -> Float[Array, "examples outputs"]:
        """The outputs for a batch: what `jax.vmap` of a single call gives, in far less time."""
        images = inputs[..., None] if inputs.ndim == 3 else inputs
        images = images.transpose(3, 1, 2, 0)
        for layer in self.convolutions:
            images = layer(images, self.activation)
        units = images.reshape(-1, images.shape[-1])
        *hidden, last = self.dense
        for number, layer in enumerate(hidden):
            units = ACTIVATIONS[self.activation](_dense(layer, units))
            if self.dropout is not None:
                units = _dropped(self.dropout, units, keys, number)
        return _dense(last, units).T


def _dense(
    layer: eqx.nn.Linear, units: Float[Array, "inputs examples"]
) -> Float[Array, "outputs examples"]:
    assert layer.bias is not None
    return layer.weight @ units + layer.bias[:, None]


def _dropped(
    dropout: eqx.nn.Dropout,
    units: Float[Array, "width examples"],
    keys: PRNGKeyArray | None,
    number: int,
) -> Float[Array, "width examples"]:
    if keys is None:
        return dropout(units)  # as it is, in evaluation; in training an error of Equinox's

    def one(unit: Any, key: PRNGKeyArray) -> Any:
        return dropout(unit, key=jax.random.fold_in(key, number))

    return jax.vmap(one, in_axes=(1, 0), out_axes=1)(units, keys)
