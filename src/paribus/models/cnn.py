"""Convolutional networks: blocks of convolution, activation, pooling, then dense layers."""

import math
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from paribus.errors import DeclarationError, Fault
from paribus.models.activations import AnyActivation, activation_faults, activation_of
from paribus.models.base import BatchNetwork, HiddenLayer, Model
from paribus.models.convolution import convolve, multiplications, output_size, tile_for
from paribus.models.dense import Dense
from paribus.models.pooling import PoolMode, pooled
from paribus.models.tiles import Images, Pair, Tiles, untiled
from paribus.spec import Count, Share, Spec, Whole


def _each_at_least(least: int) -> BeforeValidator:
    """Takes one number or two; two equal ones become the one, so that both are one recipe."""
    allowed = f"a whole number, {least} or more, or a pair of such (rows, columns)"

    def checked(value: Any) -> Any:
        pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
        if len(pair) != 2 or any(type(one) is not int or one < least for one in pair):
            raise PydanticCustomError("pair", "Input should be {allowed}", {"allowed": allowed})
        return pair[0] if pair[0] == pair[1] else pair

    return BeforeValidator(checked)


Counts = Annotated[Count | tuple[Count, Count], _each_at_least(1)]
"""A whole number, 1 or more, for both axes of an image; or one for rows and one for columns."""
Wholes = Annotated[Whole | tuple[Whole, Whole], _each_at_least(0)]
"""A whole number, 0 or more, for both axes of an image; or one for rows and one for columns."""


class Pool(Spec):
    """Pooling over windows of size x size pixels, or size[0] x size[1], that lie side by side."""

    mode: PoolMode = "max"
    size: Counts = 2


class Convolution(Spec):
    """A convolution with a kernel of kernel x kernel pixels, the activation, then pooling.

    `padding` is how many zeros are added on each of the four sides. Where `kernel`, `stride` or
    `padding` is a pair, its first number is of rows, its second of columns.
    """

    channels: Count
    kernel: Counts
    stride: Counts = 1
    padding: Wholes = 0
    pool: Pool | None = None

    def sizes(self, image: Pair) -> tuple[Pair, Pair]:
        """Height and width after the convolution and after pooling; below 1: none."""
        steps = _pair(self.stride), _pair(self.padding)
        convolved = output_size(image, _pair(self.kernel), *steps)
        high, wide = _pair(self.pool.size if self.pool else 1)
        return convolved, (convolved[0] // high, convolved[1] // wide)


class CNN(Model):
    """A convolutional network on images (height, width) or (height, width, channels).

    The last convolution's output is flattened in PyTorch's order (channels, height, width) and
    goes through dense layers of the widths in `hidden`. `dropout` is the probability of zeroing
    a unit of those in training.
    """

    # So that the columns of a part stay in the cache; measured for LeNet in docs/convolutions.md.
    examples_at_once: ClassVar[int] = 32

    kind: Literal["cnn"] = "cnn"
    convolutions: tuple[Convolution, ...]
    hidden: tuple[Count, ...] = (128,)
    activation: AnyActivation = "relu"
    dropout: Share = 0.0

    def faults(self, shape: tuple[int, ...], outputs: int) -> list[Fault]:  # noqa: ARG002 - every model is asked the same
        """What keeps this network from being built for examples of this shape."""
        if len(shape) not in (2, 3):
            problem = f"needs images (height, width) or (height, width, channels); got {shape}"
            return [Fault("", problem)]
        image = shape[0], shape[1]
        for number, layer in enumerate(self.convolutions):
            fault = _fault(f"convolutions.{number}", layer, image)
            if fault is not None:
                return [fault]  # what comes after it has no size
            image = layer.sizes(image)[1]
        return activation_faults(self.activation)

    def build(self, shape: tuple[int, ...], outputs: int) -> eqx.Module:
        faults = self.faults(shape, outputs)
        if faults:
            raise DeclarationError(type(self).__name__, faults)
        inputs, units = self._sizes(shape)
        convolutions = [
            _ConvolutionLayer(layer, channels)
            for layer, (channels, _) in zip(self.convolutions, inputs, strict=True)
        ]
        widths = (units, *self.hidden, outputs)
        dense = Dense(widths, self.activation, self.dropout)
        return _Network(tuple(convolutions), dense, self.activation)

    def multiplications(self, shape: tuple[int, ...], outputs: int) -> int:
        inputs, units = self._sizes(shape)
        found = sum(
            _multiplications(layer, channels, image)
            for layer, (channels, image) in zip(self.convolutions, inputs, strict=True)
        )
        return found + sum(one * other for one, other in pairwise((units, *self.hidden, outputs)))

    def _sizes(self, shape: tuple[int, ...]) -> tuple[list[tuple[int, Pair]], int]:
        """Channels and image size that each convolution is given; how many units come out."""
        image, channels = (shape[0], shape[1]), shape[2] if len(shape) == 3 else 1
        inputs = []
        for layer in self.convolutions:
            inputs.append((channels, image))
            image, channels = layer.sizes(image)[1], layer.channels
        return inputs, channels * math.prod(image)


def _pair(declared: int | Pair) -> Pair:
    return declared if isinstance(declared, tuple) else (declared, declared)


def _fault(path: str, layer: Convolution, image: Pair) -> Fault | None:
    convolved, left = layer.sizes(image)
    if min(convolved) < 1:
        high, wide = _pair(layer.padding)
        room = _pixels((image[0] + 2 * high, image[1] + 2 * wide))
        problem = f"got {layer.kernel}; its input is {_pixels(image)} pixels"
        padded = f"{problem} with padding {layer.padding}"
        return Fault(f"{path}.kernel", f"{padded}, so {room} or less is allowed")
    if layer.pool is not None and min(left) < 1:
        room = _pixels(convolved)
        problem = f"got {layer.pool.size}; its input is {room} pixels"
        return Fault(f"{path}.pool.size", f"{problem}, so {room} or less is allowed")
    return None


def _pixels(size: Pair) -> str:
    return f"{size[0]} x {size[1]}"


def _multiplications(layer: Convolution, channels: int, image: Pair) -> int:
    kernel = (layer.channels, channels, *_pair(layer.kernel))
    pool = _pair(layer.pool.size if layer.pool else 1)
    stride, padding = _pair(layer.stride), _pair(layer.padding)
    return multiplications((channels, *image, 1), kernel, stride, padding, pool)


class _ConvolutionLayer(eqx.Module):
    """Weights as PyTorch stores them: (out, in, rows, columns) and (out,)."""

    weight: Any
    bias: Any
    declared: Convolution = eqx.field(static=True)

    def __init__(self, declared: Convolution, inputs: int) -> None:
        shape = (declared.channels, inputs, *_pair(declared.kernel))
        self.weight = jax.ShapeDtypeStruct(shape, jnp.float32)
        self.bias = jax.ShapeDtypeStruct(shape[:1], jnp.float32)
        self.declared = declared

    def __call__(self, images: Images, activation: AnyActivation) -> Images:
        return self.activated(self.sums(images), activation)

    def sums(self, images: Images) -> Tiles:
        """What goes into the activation."""
        stride, padding = _pair(self.declared.stride), _pair(self.declared.padding)
        size = _pair(self.declared.pool.size if self.declared.pool else 1)
        tile = tile_for(images.shape, self.weight.shape, stride, padding, size)
        tiles = convolve(images, self.weight, stride, padding, tile)
        return tiles.replace(tiles.values + self.bias[:, None])

    def activated(self, sums: Tiles, activation: AnyActivation) -> Images:
        """The layer's output, pooled where it pools."""
        tiles = sums.replace(activation_of(activation)(sums.values))
        pool = self.declared.pool
        return untiled(pooled(tiles, pool.mode, _pair(pool.size)) if pool else tiles)


class _Network(BatchNetwork):
    """Examples run along the last axis of all that is inside."""

    convolutions: tuple[_ConvolutionLayer, ...]
    dense: Dense
    activation: AnyActivation = eqx.field(static=True)

    def batch(
        self, inputs: Float[Array, " examples *shape"], keys: PRNGKeyArray | None = None
    ) -> Float[Array, "examples outputs"]:
        images = _examples_last(inputs)
        for layer in self.convolutions:
            images = layer(images, self.activation)
        return self.dense(images.reshape(-1, images.shape[-1]), keys).T

    def hidden(self, inputs: Float[Array, " examples *shape"]) -> tuple[HiddenLayer, ...]:
        images, found = _examples_last(inputs), []
        for layer in self.convolutions:
            sums = layer.sums(images)
            channels = untiled(sums).transpose(3, 0, 1, 2)
            places = channels.reshape(*channels.shape[:2], -1)
            found.append(HiddenLayer(self.activation, places))
            images = layer.activated(sums, self.activation)
        return *found, *self.dense.hidden(images.reshape(-1, images.shape[-1]))


def _examples_last(inputs: Float[Array, " examples *shape"]) -> Images:
    images = inputs[..., None] if inputs.ndim == 3 else inputs
    return images.transpose(3, 1, 2, 0)
