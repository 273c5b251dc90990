"""Gradients against differences: right ones of every model, loss and penalty; planted faults."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.errors import ParibusError
from paribus.models import CNN, MLP, Convolution, Initialization, Pool
from paribus.models.activations import ACTIVATIONS
from paribus.models.base import layers_of, named_weights, skeleton
from paribus.models.initialize import initialize
from paribus.objectives.losses import LOSSES
from paribus.objectives.penalties import Penalties, penalty
from paribus.probes.gradient_check import TOLERANCE, check_gradient
from paribus.training.program import outputs_of
from reference.plain_differences import central_differences, relative_error

EXAMPLES, OUTPUTS = 4, 5
RANDOM = np.random.default_rng(7)
IMAGES = RANDOM.uniform(size=(EXAMPLES, 7, 7))
CLASSES = RANDOM.integers(0, OUTPUTS, EXAMPLES).astype(np.int32)
SMALL = MLP(hidden=(6, 4), activation="tanh")


def convolutional(mode):
    layers = (
        Convolution(channels=2, kernel=2, pool=Pool(mode=mode)),
        Convolution(channels=3, kernel=2, pool=Pool(mode=mode)),
    )
    return CNN(convolutions=layers, hidden=(5,))


def network_of(model):
    return initialize(skeleton(model, (7, 7), OUTPUTS), Initialization(), 0, np.float64)


def loss_of(name="cross_entropy", penalties=None, key=None):
    def loss(network):
        keys = None if key is None else jax.random.split(jax.random.key(key), EXAMPLES)
        losses = jax.vmap(LOSSES[name])(outputs_of(network, IMAGES, keys), jnp.asarray(CLASSES))
        weights = [layer.weight for _, layer in layers_of(network)]
        extra = 0.0 if penalties is None else penalty(penalties, weights)
        return jnp.mean(losses) + extra

    return loss


RIGHT = {
    **{
        f"activation {name}": (MLP(hidden=(6, 4), activation=name), loss_of())
        for name in ACTIVATIONS
    },
    **{f"loss {name}": (SMALL, loss_of(name)) for name in LOSSES},
    "L1": (SMALL, loss_of(penalties=Penalties(l1=0.01))),
    "L2": (SMALL, loss_of(penalties=Penalties(l2=0.01))),
    "dropout": (MLP(hidden=(6, 4), dropout=0.4), loss_of(key=3)),
    "softmax output": (MLP(hidden=(6,), output="softmax"), loss_of()),
    "linear": (MLP(hidden=()), loss_of()),
    "max pooling": (convolutional("max"), loss_of()),
    "average pooling": (convolutional("average"), loss_of()),
}


def assert_right(check, parameters):
    assert check.passed, str(check)
    for layer in (*check.layers, check.overall):
        assert layer.relative_error < TOLERANCE == 1e-7
    assert check.overall.excluded < 0.01 * parameters
    assert check.overall.checked + check.overall.excluded == parameters


@pytest.mark.parametrize("name", RIGHT)
def test_what_jax_gives_is_right(name):
    model, loss = RIGHT[name]
    network = network_of(model)
    check = check_gradient(loss, network)
    assert [layer.name for layer in check.layers] == [name for name, _ in layers_of(network)]
    assert_right(check, sum(array.size for array in named_weights(network).values()))


def plain_loss(arrays):
    """Mean cross-entropy of SMALL, in NumPy."""
    values = IMAGES.reshape(EXAMPLES, -1)
    for layer in "123":
        values = values @ arrays[f"{layer}.weight"].T + arrays[f"{layer}.bias"]
        values = values if layer == "3" else np.tanh(values)
    logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    return -logs[np.arange(EXAMPLES), CLASSES].mean()


def halved_in_the_second_layer(network):
    gradient = eqx.filter_grad(loss_of())(network)
    return eqx.tree_at(lambda tree: layers_of(tree)[1][1].weight, gradient, replace_fn=_half)


def _half(array):
    return array / 2


def test_agrees_with_plain_differences():
    """Of a gradient that is wrong, so that there is an error to agree on."""
    network = network_of(SMALL)
    arrays = {name: np.asarray(array) for name, array in named_weights(network).items()}
    slopes = central_differences(plain_loss, arrays)
    check = check_gradient(loss_of(), network, gradient=halved_in_the_second_layer)
    with jax.enable_x64(True):
        given = named_weights(halved_in_the_second_layer(network))
    for layer in check.layers:
        one, other = (
            np.concatenate([tree[f"{layer.name}.{part}"].ravel() for part in ("weight", "bias")])
            for tree in (given, slopes)
        )
        assert layer.relative_error == pytest.approx(relative_error(one, other), abs=1e-8)


def fault(change, part="weight"):
    def gradient(network):
        found = eqx.filter_grad(loss_of())(network)
        return eqx.tree_at(
            lambda tree: getattr(layers_of(tree)[1][1], part), found, replace_fn=change
        )

    return gradient


FAULTS = {
    "sign": fault(lambda array: -array),
    "scaled": fault(lambda array: 1.001 * array),
    "one coordinate": fault(lambda array: array.at[2, 3].add(1e-4)),
    "bias": fault(lambda array: 2 * array, part="bias"),
    "nothing": fault(jnp.zeros_like),
    "not a number": fault(lambda array: array.at[0, 0].set(jnp.nan)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_in_its_layer(name):
    check = check_gradient(loss_of(), network_of(SMALL), gradient=FAULTS[name])
    assert check.wrong == ("2",)
    assert not check.passed
    assert [layer.verdict for layer in check.layers] == ["right", "wrong", "right"]
    assert check.overall.verdict == "wrong"
    assert "layer 2: wrong" in str(check)
    assert "all layers: wrong" in str(check)


def test_the_coordinate_that_is_furthest_off_is_named():
    check = check_gradient(loss_of(), network_of(SMALL), gradient=FAULTS["one coordinate"])
    assert check.layers[1].worst.startswith("weight[2, 3]: ")
    assert "furthest off at weight[2, 3]" in str(check)


class Swish(eqx.Module):
    """A network of a user's own: a layer of ours, one of theirs, a number that is trained."""

    first: eqx.nn.Conv2d
    pool: eqx.nn.MaxPool2d
    last: eqx.nn.Linear
    slope: jax.Array
    name: str = eqx.field(static=True)

    def __init__(self):
        one, other = jax.random.split(jax.random.key(0))
        self.first = eqx.nn.Conv2d(1, 2, 2, key=one)
        self.pool = eqx.nn.MaxPool2d(2, 2)
        self.last = eqx.nn.Linear(18, 3, key=other)
        self.slope = jnp.array([1.0, 0.5])
        self.name = "mine"

    def __call__(self, image):
        units = self.pool(self.first(image[None]))
        units = units * jax.nn.sigmoid(self.slope[:, None, None] * units)
        return self.last(units.ravel())


@jax.custom_vjp
def cube(x):
    return x**3


def own_loss(power):
    def loss(network):
        outputs = jax.vmap(network)(jnp.asarray(IMAGES))
        ordered = jnp.sort(outputs, axis=1)
        total, _ = jax.lax.scan(lambda sum_, row: (sum_ + jnp.max(row), None), 0.0, ordered)
        turned = jax.lax.cond(total > 0, power, lambda x: -power(x), total)
        return turned + jnp.mean(jnp.abs(ordered)) + jnp.sum(jnp.floor(ordered))

    return loss


def test_a_network_and_loss_of_a_user():
    check = check_gradient(own_loss(lambda x: x**3), Swish())
    assert_right(check, 2 * 4 + 2 + 18 * 3 + 3 + 2)
    assert [layer.name for layer in check.layers] == ["1", "2", "slope"]


def test_a_custom_derivative_that_is_wrong_is_found():
    cube.defvjp(lambda x: (x**3, x), lambda x, slope: (2 * x**2 * slope,))
    check = check_gradient(own_loss(cube), Swish())
    assert check.wrong == ("1", "2", "slope")


class Line(eqx.Module):
    weight: np.ndarray


def test_coordinates_at_a_kink_are_excluded_and_counted():
    line = Line(np.array([0.0, 1e-9, 0.25, -3.0]))
    check = check_gradient(lambda line: jnp.sum(jnp.abs(line.weight) ** 1.0), line)
    assert (check.overall.checked, check.overall.excluded) == (2, 2)
    assert check.passed
    assert "2 excluded at kinks" in str(check)


def test_where_all_are_excluded_nothing_is_said_to_be_right():
    check = check_gradient(lambda line: jnp.sum(jnp.abs(line.weight)), Line(np.zeros(3)))
    assert check.layers[0].verdict == "not checked"
    assert not check.passed
    assert not check.wrong


def test_a_smaller_step_reaches_close_to_a_kink():
    line = Line(np.array([1e-5, -1e-6]))
    check = check_gradient(lambda line: jnp.sum(jnp.abs(line.weight)), line)
    assert check.overall.excluded == 0
    assert check.passed


def test_a_layer_without_effect_has_no_error():
    class Two(eqx.Module):
        used: Line
        idle: Line

    two = Two(Line(np.ones(2)), Line(np.ones(3)))
    check = check_gradient(lambda two: jnp.sum(two.used.weight**2), two)
    assert [layer.relative_error for layer in check.layers][1] == 0
    assert check.passed


def test_what_rounding_hides_is_not_said_to_be_wrong():
    line = Line(np.array([0.3, 0.7]))
    check = check_gradient(lambda line: 1e3 + 1e-9 * jnp.sum(jnp.sin(line.weight)), line)
    assert check.layers[0].verdict == "too small to tell"
    assert not check.passed
    assert not check.wrong


def test_steep_functions_get_smaller_steps():
    line = Line(np.array([0.3, 0.7]))
    check = check_gradient(lambda line: jnp.sum(jnp.sin(300 * line.weight)), line)
    assert check.passed


def test_of_large_networks_a_fixed_sample_is_checked():
    network = network_of(MLP(hidden=(50, 3), activation="tanh"))
    one, other = (check_gradient(loss_of(), network) for _ in range(2))
    assert one == other
    assert [layer.checked for layer in one.layers] == [100, 100, 20]
    assert [layer.parameters for layer in one.layers] == [2500, 153, 20]
    assert "100 of 2,500 coordinates" in str(one)
    assert one.passed


def test_weights_in_single_precision_are_checked_in_double():
    network = initialize(skeleton(SMALL, (7, 7), OUTPUTS), Initialization(), 0, np.float32)
    assert check_gradient(loss_of(), network).passed


@pytest.mark.parametrize(
    ("loss", "gradient", "expected"),
    [
        (lambda line: line.weight, None, ["gave float64 of shape (2,)", "one number"]),
        (
            lambda line: jnp.sum(line.weight.astype(jnp.float32)),
            None,
            ["gave float32 of shape ()"],
        ),
        (lambda line: jnp.sum(jnp.log(-line.weight)), None, ["the loss is nan", "finite"]),
        (
            lambda line: jnp.sum(line.weight),
            lambda line: Line(np.ones(3)),
            ["shapes [(3,)]", "like the network, whose weights have shapes [(2,)]"],
        ),
    ],
)
def test_what_cannot_be_checked_is_told(loss, gradient, expected):
    with pytest.raises(ParibusError) as told:
        check_gradient(loss, Line(np.ones(2)), gradient=gradient)
    for text in expected:
        assert text in str(told.value)


def test_a_network_without_weights_is_told():
    with pytest.raises(ParibusError, match="no arrays of real numbers"):
        check_gradient(lambda network: 0.0, eqx.nn.Identity())
