"""What a step costs at least: its matrix products, and one pass over the optimizer's state.

Per optimizer step of one model:

- the products of every dense layer, forward and backward: outputs, the gradient of the weights,
  and (not for the first layer) the gradient of the inputs;
- the same three of every convolution, in the fastest form known: PyTorch's own convolution where
  it is installed, or the dense products alone of any of the tilings that docs/convolutions.md
  describes, without forming their operands;
- one pass that reads and writes weights and moments once.

Each product is timed with NumPy's BLAS and with PyTorch's where that is installed, and the faster
one counts. Activations, biases, pooling, the loss and fetching the batch are not in it, so no
program reaches the floor. One process measures on one thread; the benchmark starts one per core
at once, and divides the mean of their times by the number of cores.

    python -m floor WORKLOAD
"""

import argparse
import importlib.util
import itertools
import json
import math
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from workloads import WORKLOADS, Workload

Product = tuple[int, int, int]
"""Rows, the axis summed over, columns."""

SECONDS = 0.05
"""How long each thing is repeated."""
LENET_DENSE = (400, 120, 84, 10)
LENET_CONVOLUTIONS = ((3, 6, 28), (6, 16, 10))
"""Channels in, channels out, side of the output."""
KERNEL = 5
TILES = ((1, 1), (2, 2), (2, 4), (4, 4))
TORCH = importlib.util.find_spec("torch") is not None


def dense_products(widths: Sequence[int], batch: int, *, first: bool) -> list[Product]:
    """The products of dense layers; `first` says that nothing trained comes before them."""
    products = []
    for number, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        products += [(batch, inputs, outputs), (inputs, batch, outputs)]
        if number or not first:
            products.append((batch, outputs, inputs))
    return products


def tiled_products(
    layer: tuple[int, int, int], tile: tuple[int, int], batch: int, *, first: bool
) -> list[Product]:
    """The products of a convolution cut into tiles of the output."""
    inputs, channels, side = layer
    window = math.prod(edge + KERNEL - 1 for edge in tile) * inputs
    outputs = math.prod(tile) * channels
    tiles = math.prod(-(-side // edge) for edge in tile) * batch
    products = [(outputs, window, tiles), (outputs, tiles, window)]
    return products if first else [*products, (window, outputs, tiles)]


def seconds(call: Callable[[], object]) -> float:
    """The median time of a call, after one that is not counted."""
    call()
    times: list[float] = []
    while len(times) < 3 or sum(times) < SECONDS:
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def product_seconds(product: Product) -> float:
    """One product by the faster library."""
    rows, inner, columns = product
    left, right = np.ones((rows, inner), np.float32), np.ones((inner, columns), np.float32)
    out = np.empty((rows, columns), np.float32)
    found = seconds(lambda: np.matmul(left, right, out=out))
    if TORCH:
        import torch

        torch.set_num_threads(1)
        a, b, c = (torch.from_numpy(array) for array in (left, right, out))
        found = min(found, seconds(lambda: torch.mm(a, b, out=c)))
    return found


def convolution_seconds(layer: tuple[int, int, int], batch: int, *, first: bool) -> float:
    """One convolution, forward and backward, in the fastest form."""
    forms = [
        sum(map(product_seconds, tiled_products(layer, tile, batch, first=first)))
        for tile in TILES
    ]
    if TORCH:
        forms.append(_torch_convolution_seconds(layer, batch, first=first))
    return min(forms)


def _torch_convolution_seconds(layer: tuple[int, int, int], batch: int, *, first: bool) -> float:
    import torch

    torch.set_num_threads(1)
    inputs, channels, side = layer
    wide = side + KERNEL - 1
    images = torch.ones(batch, inputs, wide, wide, requires_grad=not first)
    kernel = torch.ones(channels, inputs, KERNEL, KERNEL, requires_grad=True)
    gradient = torch.ones(batch, channels, side, side)
    wanted = (kernel,) if first else (kernel, images)

    def both() -> object:
        out = torch.nn.functional.conv2d(images, kernel)
        return torch.autograd.grad(out, wanted, gradient)

    return seconds(both)


def weights(workload: Workload) -> int:
    """How many numbers the network learns."""
    widths = workload.widths or LENET_DENSE
    dense = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    if workload.widths:
        return dense
    return dense + sum((KERNEL**2 * a + 1) * b for a, b, _ in LENET_CONVOLUTIONS)


def state_seconds(workload: Workload) -> float:
    """One pass over weights and moments: one moment for SGD's momentum, two for Adam's."""
    moments = 1 if workload.optimizer == "sgd" else 2
    state = np.ones((1 + moments) * weights(workload), np.float32)
    return seconds(lambda: np.multiply(state, np.float32(1), out=state))


def floor(workload: Workload) -> dict[str, float]:
    """Microseconds of a step on one thread, by part."""
    batch, images = workload.batch, not workload.widths
    dense = dense_products(workload.widths or LENET_DENSE, batch, first=not images)
    found = {"dense": sum(map(product_seconds, dense)), "state": state_seconds(workload)}
    if images:
        found["convolutions"] = sum(
            convolution_seconds(layer, batch, first=number == 0)
            for number, layer in enumerate(LENET_CONVOLUTIONS)
        )
    return {part: taken * 1e6 for part, taken in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=list(WORKLOADS))
    print(json.dumps(floor(WORKLOADS[parser.parse_args().workload])))


if __name__ == "__main__":
    main()
