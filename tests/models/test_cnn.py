"""Convolutional networks: their sizes, their faults, and what a batch of examples gives."""

import jax
import numpy as np
import pytest

from paribus.errors import DeclarationError
from paribus.models import Initialization
from paribus.models.base import named_weights, parameter_count, skeleton
from paribus.models.cnn import CNN, Convolution, Pool
from paribus.models.initialize import initialize
from paribus.spec import digest

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
RECTANGULAR = CNN(
    convolutions=(
        Convolution(
            channels=5, kernel=(3, 5), stride=(1, 2), padding=(0, 2), pool=Pool(size=(2, 1))
        ),
    ),
    hidden=(12,),
)
EXAMPLES = {
    "LeNet": (LENET, (32, 32, 3)),
    "small": (SMALL, (8, 8)),
    "strided": (STRIDED, (8, 8)),
    "rectangular": (RECTANGULAR, (9, 12, 2)),
}


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


def test_rows_come_before_columns():
    found = named_weights(skeleton(RECTANGULAR, (9, 12, 2), 10))
    assert found["1.weight"].shape == (5, 2, 3, 5)
    # Rows: 9 - 3 + 1 = 7, pooled 3. Columns: (12 + 2 * 2 - 5) // 2 + 1 = 6.
    assert found["2.weight"].shape == (12, 5 * 3 * 6)


@pytest.mark.parametrize("pair", [tuple, list])
def test_a_square_is_one_recipe_however_it_is_declared(pair):
    plain = Convolution(channels=6, kernel=3, stride=2, padding=1, pool=Pool(size=3))
    paired = Convolution(
        channels=6,
        kernel=pair((3, 3)),
        stride=pair((2, 2)),
        padding=pair((1, 1)),
        pool=Pool(size=pair((3, 3))),
    )
    assert paired == plain
    assert digest(paired.as_json()) == digest(plain.as_json())
    assert paired.as_json()["kernel"] == 3


def test_a_rectangle_survives_json():
    layer = RECTANGULAR.convolutions[0]
    assert layer.as_json()["kernel"] == [3, 5]
    assert Convolution.model_validate_json(layer.model_dump_json()) == layer
    turned = Convolution(**layer.as_json() | {"kernel": [5, 3]})
    assert digest(turned.as_json()) != digest(layer.as_json())


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
            "convolutions.0.stride: got 0; should be a whole number, 1 or more, or a pair of such "
            "(rows, columns)",
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


WRONG = [-1, 2.5, "3", True, None, (), (3,), (3, -1), (3, 3, 3), [2, "1"], {"rows": 1}]


@pytest.mark.parametrize("value", [0, (0, 3), (3, 0), *WRONG], ids=repr)
@pytest.mark.parametrize("name", ["kernel", "stride"])
def test_what_is_no_size(name, value):
    with pytest.raises(DeclarationError) as caught:
        Convolution(**{"channels": 3, "kernel": 3, name: value})
    assert [str(fault) for fault in caught.value.faults] == [
        f"{name}: got {value!r}; should be a whole number, 1 or more, or a pair of such "
        "(rows, columns)"
    ]
    with pytest.raises(DeclarationError, match=r"size: got .*; should be a whole number, 1 or"):
        Pool(size=value)


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_what_is_no_padding(value):
    with pytest.raises(DeclarationError) as caught:
        Convolution(channels=3, kernel=3, padding=value)
    assert [str(fault) for fault in caught.value.faults] == [
        f"padding: got {value!r}; should be a whole number, 0 or more, or a pair of such "
        "(rows, columns)"
    ]
    assert Convolution(channels=3, kernel=3, padding=(0, 1)).padding == (0, 1)


def test_a_long_value_is_shortened():
    with pytest.raises(DeclarationError) as caught:
        Convolution(channels=3, kernel=tuple(range(99)))
    assert "got (0, 1, 2," in str(caught.value)
    assert "98" not in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8,), "needs images (height, width) or (height, width, channels); got (8,)"),
        (
            (4, 9, 3),
            "convolutions.0.kernel: got 5; its input is 4 x 9 pixels with padding 0, so 4 x 9 or "
            "less is allowed",
        ),
        (
            (20, 5),
            "convolutions.0.pool.size: got 2; its input is 16 x 1 pixels, so 16 x 1 or less is "
            "allowed",
        ),
        (
            (12, 12),
            "convolutions.1.kernel: got 5; its input is 4 x 4 pixels with padding 0, so 4 x 4 or "
            "less is allowed",
        ),
    ],
)
def test_what_does_not_fit_the_data(shape, message):
    assert [str(fault) for fault in LENET.faults(shape, 10)] == [message]
    with pytest.raises(DeclarationError, match="CNN: 1 fault"):
        LENET.build(shape, 10)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"kernel": (5, 3), "padding": (0, 1)},
            "convolutions.0.kernel: got (5, 3); its input is 4 x 9 pixels with padding (0, 1), so "
            "4 x 11 or less is allowed",
        ),
        (
            {"kernel": (1, 7), "pool": Pool(size=(1, 4))},
            "convolutions.0.pool.size: got (1, 4); its input is 4 x 3 pixels, so 4 x 3 or less is "
            "allowed",
        ),
    ],
    ids=["kernel", "pool"],
)
def test_a_rectangle_that_does_not_fit(fields, message):
    model = CNN(convolutions=(Convolution(channels=2, **fields),))
    assert [str(fault) for fault in model.faults((4, 9), 10)] == [message]


def test_what_fits_to_the_last_pixel_has_no_faults():
    layer = Convolution(channels=2, kernel=(4, 9), pool=Pool(size=(1, 3)), padding=(0, 1))
    assert CNN(convolutions=(layer,)).faults((4, 9), 10) == []


def test_what_fits_has_no_faults():
    assert LENET.faults((32, 32, 3), 10) == []
