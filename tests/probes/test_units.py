"""Hidden units whose state is known beforehand, and networks that have none."""

import jax.numpy as jnp
import numpy as np
import pytest

from paribus.errors import DeclarationError
from paribus.models import CNN, MLP, Convolution, Initialization, Pool
from paribus.models.activations import ACTIVATIONS
from paribus.models.base import layers_of, skeleton
from paribus.models.initialize import initialize
from paribus.probes import HiddenUnits
from paribus.probes.chunks import in_chunks
from paribus.probes.units import RANGES, evenly_spaced
from paribus.snapshot import Examples, Snapshot
from reference.plain_convolution import convolution, pooling


def network(model, shape, outputs=3):
    return initialize(skeleton(model, shape, outputs), Initialization(), 0, np.float32)


def snapshot(network, inputs):
    examples = Examples(jnp.asarray(inputs, jnp.float32), jnp.zeros(len(inputs), jnp.int32))
    nothing = Snapshot(*[None] * len(Snapshot._fields))
    return nothing._replace(network=network, train=examples)


def measured(activation, biases, inputs, **fields):
    """The shares for one hidden layer whose unit k is given the input and its bias."""
    found = network(MLP(hidden=(len(biases),), activation=activation), (1,))
    layer = layers_of(found)[0][1]
    layer.weight[:], layer.bias[:] = 1, biases
    values = HiddenUnits(**fields).measure(snapshot(found, np.reshape(inputs, (-1, 1))))
    return float(values["units/dead"][0]), float(values["units/saturated"][0])


@pytest.mark.parametrize(
    ("activation", "biases", "expected"),
    [
        ("relu", [-1, 0, 1, 2], (1 / 4, 0)),  # the second is alive at one of three examples
        ("relu6", [-1, -0.5, 0, 9], (1 / 2, 1 / 2)),
        ("leaky_relu", [-9, 9], (0, 0)),
        ("hard_tanh", [-3, 0, 3, 30], (3 / 4, 3 / 4)),
        ("tanh", [0, 4, -4], (0, 2 / 3)),  # hardly a slope, but one
        ("tanh", [0, 400], (1 / 2, 1 / 2)),  # none that float32 knows
        ("sigmoid", [0, 8, -8, 8], (0, 3 / 4)),
        ("identity", [0, 1], (0, 0)),
    ],
)
def test_units_in_a_known_state(activation, biases, expected):
    assert measured(activation, biases, [0.0, 0.5, 1.0]) == pytest.approx(expected)


def test_saturated_is_a_matter_of_share_and_margin():
    # tanh is within 0.02 of an end at 2 of 4 examples, of either end at 1 each.
    inputs = [-3.0, -0.5, 0.5, 3.0]
    assert measured("tanh", [0], inputs, share=0.5) == (0, 1)
    assert measured("tanh", [0], inputs, share=0.51) == (0, 0)
    assert measured("tanh", [0], inputs, share=1.0, margin=0.3) == (0, 1)
    assert measured("tanh", [0], inputs, share=0.5, margin=0.002) == (0, 0)


def test_ranges_are_those_of_the_activations_bounded_on_both_sides():
    far = jnp.asarray([-1e6, 1e6])
    ends = {name: np.asarray(activation(far)) for name, activation in ACTIVATIONS.items()}
    bounded = {name for name, values in ends.items() if np.abs(values).max() < 10}
    assert bounded == set(RANGES)
    for name, limits in RANGES.items():
        np.testing.assert_allclose(ends[name], limits, atol=1e-5)


def test_channels_are_units_in_all_places_of_their_images():
    model = CNN(
        convolutions=(
            Convolution(channels=4, kernel=3, padding=1, pool=Pool()),
            Convolution(channels=5, kernel=(2, 1), stride=(1, 2), pool=Pool(mode="average")),
        ),
        hidden=(6,),
    )
    found = network(model, (8, 7, 2))
    inputs = np.random.default_rng(0).normal(size=(3, 8, 7, 2)).astype(np.float32)
    hidden = found.hidden(jnp.asarray(inputs))
    images, shapes = inputs.transpose(3, 1, 2, 0), []
    for one, layer, pool in zip(
        hidden, found.convolutions, [("max", (2, 2)), ("average", (2, 2))], strict=False
    ):
        stride, padding = ((1, 1), (1, 1)) if not shapes else ((1, 2), (0, 0))
        sums = convolution(images, layer.weight, stride, padding) + layer.bias[:, None, None, None]
        shapes.append(sums.shape)
        expected = sums.transpose(3, 0, 1, 2).reshape(3, len(layer.weight), -1)
        np.testing.assert_allclose(one.sums, expected, rtol=1e-4, atol=1e-5)
        images = pooling(np.maximum(sums, 0), *pool)
    dense = found.dense.layers[0]
    flat = images.reshape(-1, 3).T @ dense.weight.T + dense.bias
    np.testing.assert_allclose(hidden[2].sums[:, :, 0], flat, rtol=1e-4, atol=1e-5)
    assert [one.activation for one in hidden] == ["relu"] * 3


def test_examples_are_taken_from_all_over_their_order():
    examples = Examples(jnp.arange(10.0)[:, None], jnp.arange(10))
    assert evenly_spaced(examples, 4).targets.tolist() == [0, 2, 5, 7]
    assert evenly_spaced(examples, 10) is evenly_spaced(examples, 11) is examples


@pytest.mark.parametrize("size", [1, 3, 5, 7, 100])
def test_chunks_give_what_all_examples_at_once_give(size):
    examples = Examples(jnp.arange(14.0).reshape(7, 2), jnp.arange(7))
    lengths = set()

    def rows(part):
        lengths.add(len(part.targets))
        return {"sum": part.inputs.sum(axis=1), "pair": part.inputs * part.targets[:, None]}

    found, expected = in_chunks(rows, examples, size), rows(examples)
    assert min(lengths) <= size
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_a_model_of_one_layer_has_no_hidden_units():
    (fault,) = HiddenUnits().faults(MLP(hidden=()), (8, 8), 10)
    assert "the model has none: got a single layer; give it a hidden layer" in str(fault)
    assert HiddenUnits().faults(MLP(hidden=(2,)), (8, 8), 10) == []
    assert HiddenUnits().faults(CNN(convolutions=(), hidden=()), (8, 8), 10)
    one = CNN(convolutions=(Convolution(channels=1, kernel=1),), hidden=())
    assert HiddenUnits().faults(one, (8, 8), 10) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"examples": 0}, "examples: got 0; should be greater than 0"),
        ({"margin": 0.5}, "margin: got 0.5; should be less than 0.5"),
        ({"margin": 0.0}, "margin: got 0.0; should be greater than 0"),
        ({"share": 1.5}, "share: got 1.5; should be less than or equal to 1"),
        ({"share": "most"}, "share: got 'most'; should be a valid number"),
        ({"shares": 0.5}, "did you mean 'share'"),
    ],
)
def test_wrong_fields_are_refused(fields, message):
    with pytest.raises(DeclarationError, match=message):
        HiddenUnits(**fields)
