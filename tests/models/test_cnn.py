"""Convolutional networks: their sizes, their faults, and their training against PyTorch's."""

import jax
import numpy as np
import pytest

from paribus.data import Digits
from paribus.data.base import Source
from paribus.data.batches import normalized
from paribus.data.dataset import split
from paribus.errors import DeclarationError
from paribus.models import Initialization
from paribus.models.base import named_weights, parameter_count, skeleton
from paribus.models.cnn import CNN, Convolution, Pool
from paribus.models.initialize import initialize
from paribus.optimizers import SGD
from paribus.training import Recipe
from paribus.training.loop import epoch_order
from training.stepwise import initial_weights, train_by_calls

LENET = CNN(
    convolutions=(
        Convolution(channels=6, kernel=5, pool=Pool()),
        Convolution(channels=16, kernel=5, pool=Pool()),
    ),
    hidden=(120, 84),
)
SMALL = CNN(
    convolutions=(
        Convolution(channels=6, kernel=3, padding=1, pool=Pool()),
        Convolution(channels=8, kernel=2, stride=1, pool=Pool(mode="average", size=3)),
    ),
    hidden=(20, 12),
    activation="relu",
)
STRIDED = CNN(
    convolutions=(
        Convolution(channels=5, kernel=3, stride=2, padding=2),
        Convolution(channels=7, kernel=2, pool=Pool(mode="max", size=2)),
    ),
    hidden=(),
    activation="tanh",
)
EXAMPLES = {"LeNet": (LENET, (32, 32, 3)), "small": (SMALL, (8, 8)), "strided": (STRIDED, (8, 8))}


def network(model, shape, outputs=10):
    return initialize(skeleton(model, shape, outputs), Initialization(), 0, np.float32)


@pytest.mark.parametrize(
    ("hidden", "shape", "parameters"),
    [((120, 84), (32, 32, 3), 62_006), ((128, 64), (28, 28), 44_374)],
    ids=["LeNet", "Fashion-MNIST"],
)
def test_parameters_are_counted_without_building_any(hidden, shape, parameters):
    empty = skeleton(LENET.with_fields({"hidden": hidden}), shape, 10)
    assert parameter_count(empty) == parameters
    assert all(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in named_weights(empty).values())


def test_layers_are_numbered_from_the_input_on():
    found = named_weights(network(SMALL, (8, 8)))
    assert {name: array.shape for name, array in found.items()} == {
        "1.weight": (6, 1, 3, 3),
        "1.bias": (6,),
        "2.weight": (8, 6, 2, 2),
        "2.bias": (8,),
        "3.weight": (20, 8),
        "3.bias": (20,),
        "4.weight": (12, 20),
        "4.bias": (12,),
        "5.weight": (10, 12),
        "5.bias": (10,),
    }


@pytest.mark.parametrize(("model", "shape"), EXAMPLES.values(), ids=EXAMPLES)
def test_a_batch_gives_what_its_examples_give_alone(model, shape):
    built = network(model, shape)
    inputs = np.random.default_rng(0).normal(size=(5, *shape)).astype(np.float32)
    together = built.batch(inputs)
    assert together.shape == (5, 10)
    np.testing.assert_allclose(together, [built(x) for x in inputs], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(together, jax.vmap(built)(inputs), rtol=1e-5, atol=1e-5)


def test_dropout_of_an_example_depends_on_its_own_key_alone():
    built = network(SMALL.with_fields({"dropout": 0.5}), (8, 8))
    inputs = np.random.default_rng(0).normal(size=(5, 8, 8)).astype(np.float32)
    keys = jax.random.split(jax.random.key(0), 5)
    together = built.batch(inputs, keys)
    alone = [built(x, key=key) for x, key in zip(inputs, keys, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5)
    others = built.batch(inputs, jax.random.split(jax.random.key(1), 5))
    assert not np.allclose(together, others)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "convolutions: missing"),
        (
            {"convolutions": ({"channels": 3, "kernel": 3, "stride": 0},)},
            "convolutions.0.stride: got 0; should be greater than 0",
        ),
        (
            {"convolutions": ({"channels": 3, "kernel": 3, "pool": {"mode": "mean"}},)},
            "convolutions.0.pool.mode: got 'mean'; should be one of max, average",
        ),
        ({"convolutions": ({"channels": 3},)}, "convolutions.0.kernel: missing"),
    ],
)
def test_faults(fields, message):
    with pytest.raises(DeclarationError) as caught:
        CNN(**fields)
    assert f"CNN: 1 fault\n  {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8,), "needs images (height, width) or (height, width, channels); got (8,)"),
        (
            (4, 9, 3),
            "convolutions.0.kernel: got 5; its input is 4 x 9 pixels with padding 0, so 4 or less"
            " is allowed",
        ),
        (
            (20, 5),
            "convolutions.0.pool.size: got 2; its input is 16 x 1 pixels, so 1 or less is allowed",
        ),
        (
            (12, 12),
            "convolutions.1.kernel: got 5; its input is 4 x 4 pixels with padding 0, so 4 or less"
            " is allowed",
        ),
    ],
)
def test_what_does_not_fit_the_data(shape, message):
    assert [str(fault) for fault in LENET.faults(shape, 10)] == [message]
    with pytest.raises(DeclarationError, match="CNN: 1 fault"):
        LENET.build(shape, 10)


def test_what_fits_has_no_faults():
    assert LENET.faults((32, 32, 3), 10) == []


def recipe(model, precision):
    return Recipe(
        data=Digits(),
        model=model,
        optimizer=SGD(learning_rate=0.05, momentum=0.9),
        batch_size=72,  # 20 steps an epoch, the last of 69 examples
        epochs=2,
        precision=precision,
    )


@pytest.mark.parametrize("model", [SMALL, STRIDED], ids=["small", "strided"])
@pytest.mark.parametrize(
    ("precision", "epoch", "bound"), [("float64", 2, 1e-9), ("float32", 1, 1e-4)]
)
def test_training_agrees_with_pytorch(model, precision, epoch, bound):
    declared = recipe(model, precision)
    start = initial_weights(declared, 0)
    ours = train_by_calls(declared, 0)[epoch - 1].weights
    theirs = torch_weights(declared, start, epoch)
    assert ours.keys() == theirs.keys()
    largest = max(np.abs(array).max() for array in theirs.values())
    for name, array in ours.items():
        assert array.dtype == precision
        assert np.abs(array - theirs[name]).max() < bound * largest
        assert np.abs(array - start[name]).max() > 100 * bound * largest  # it has trained


def torch_weights(declared, start, epochs):
    """The weights after these epochs of the same training, as a user of PyTorch would write it."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch: needs torch installed")
    module = torch_module(torch, declared.model, start)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    dataset, facts = declared.data.load(Source()), declared.data.facts()
    with jax.enable_x64(declared.precision == "float64"):
        raw = jax.numpy.asarray(dataset.inputs)
        dtype = np.dtype(declared.precision)
        inputs = np.array(normalized(raw, declared.data.normalization, facts.maximum, dtype))
    train = split(dataset, 0, 0).train
    for epoch in range(1, epochs + 1):
        for row in epoch_order(declared, 0, epoch, train):
            rows = row[row >= 0]
            optimizer.zero_grad()
            outputs = module(torch.tensor(inputs[rows])[:, None])
            labels = torch.tensor(dataset.targets[rows]).long()
            torch.nn.functional.cross_entropy(outputs, labels).backward()
            optimizer.step()
    reached = [parameter.detach().numpy() for parameter in module.parameters()]
    return dict(zip(torch_names(start), reached, strict=True))


def torch_names(start):
    """The names of the weights in the order in which PyTorch has its parameters."""
    layers = range(1, len(start) // 2 + 1)
    return [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]


def torch_module(torch, model, start):
    activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[model.activation]
    layers, channels = [], 1
    for layer in model.convolutions:
        convolution = torch.nn.Conv2d(
            channels, layer.channels, layer.kernel, layer.stride, layer.padding
        )
        layers += [convolution, activation()]
        channels = layer.channels
        if layer.pool:
            modes = {"max": torch.nn.MaxPool2d, "average": torch.nn.AvgPool2d}
            layers.append(modes[layer.pool.mode](layer.pool.size))
    layers.append(torch.nn.Flatten())
    weights = [start[name] for name in torch_names(start)]
    for outputs, inputs in [array.shape for array in weights if array.ndim == 2]:
        layers += [torch.nn.Linear(inputs, outputs), activation()]
    module = torch.nn.Sequential(*layers[:-1])
    for parameter, array in zip(module.parameters(), weights, strict=True):
        parameter.data = torch.tensor(array)
    return module
