"""A network of one's own: its weights, its names, its work, and what cannot be trained."""

import math
import pickle
import subprocess
import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from own.example_parts import CLASSES, INPUTS, Gated, arrays, measured, recipe, trained
from paribus import Initialization, OwnPenalty, Penalties, data, models, optimizers, probes
from paribus.errors import DeclarationError
from paribus.models.base import named_weights, parameters_of, skeleton, with_weights
from paribus.models.initialize import initial_network
from paribus.training.task import StoppedError

NAMES = ["1.weight", "1.bias", "2.weight", "2.bias", "gates.input", "shift"]
PARAMETERS = 3 * 4 + 4 + 4 * 2 + 2 + 3 + 2


def initial(declared, replicate=0, dtype="float32"):
    return initial_network(
        declared.model,
        declared.data.facts().shape,
        declared.data.facts().outputs,
        initialization=declared.initialization,
        replicate=replicate,
        dtype=dtype,
    )


def test_arrays_have_names_and_come_back_by_them():
    empty = skeleton(models.Own(network=Gated), (3,), 2)
    found = named_weights(empty)
    assert list(found) == NAMES
    assert parameters_of(models.Own(network=Gated), (3,), 2) == PARAMETERS
    filled = with_weights(empty, {name: np.full(one.shape, 2.0) for name, one in found.items()})
    assert all(np.all(array == 2) for array in named_weights(filled).values())
    assert jax.tree.structure(filled) == jax.tree.structure(empty)


def test_initial_weights_are_the_modules_own_and_the_replicates():
    first, again, other = initial(recipe()), initial(recipe()), initial(recipe(), replicate=1)
    for name, array in named_weights(first).items():
        np.testing.assert_array_equal(array, named_weights(again)[name])
        assert isinstance(array, np.ndarray)
        assert array.dtype == np.float32
    assert not np.array_equal(first.layers[0].weight, other.layers[0].weight)
    assert not np.any(first.shift)


def test_initial_weights_are_one_in_both_precisions():
    single, double = initial(recipe()), initial(recipe(), dtype="float64")
    for name, array in named_weights(double).items():
        np.testing.assert_array_equal(array.astype(np.float32), named_weights(single)[name])


def plain_training(weights, steps, rate):
    """Full-batch gradient descent on the mean cross-entropy, in NumPy, by formula."""
    w1, b1, w2, b2, gate, shift = (weights[name].copy() for name in NAMES)
    inputs, targets = INPUTS[:40].astype(np.float64), np.eye(2)[CLASSES[:40]]
    for _ in range(steps):
        gated = inputs * gate
        hidden = np.tanh(gated @ w1.T + b1)
        outputs = hidden @ w2.T + b2 + shift
        shares = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
        slope = (shares - targets) / 40
        back = (slope @ w2) * (1 - hidden**2)
        gate_slope = ((back @ w1) * inputs).sum(axis=0)
        w2, b2 = w2 - rate * slope.T @ hidden, b2 - rate * slope.sum(axis=0)
        shift = shift - rate * slope.sum(axis=0)
        w1, b1 = w1 - rate * back.T @ gated, b1 - rate * back.sum(axis=0)
        gate = gate - rate * gate_slope
    return dict(zip(NAMES, (w1, b1, w2, b2, gate, shift), strict=True))


def test_training_is_gradient_descent_on_all_its_arrays():
    declared = recipe(batch_size=40, epochs=5, precision="float64")
    start = named_weights(initial(declared, dtype="float64"))
    expected = plain_training(start, steps=5, rate=0.5)
    for name, array in named_weights(trained(declared).network).items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-12, atol=1e-14, err_msg=name)
        assert not np.array_equal(array, start[name])


def test_options_reach_the_network_and_are_part_of_the_recipe():
    wide = recipe(model=models.Own(network=Gated, options={"width": 8}))
    assert parameters_of(wide.model, (3,), 2) == 3 * 8 + 8 + 8 * 2 + 2 + 3 + 2
    narrow = wide.with_fields({"model.options.width": 4})
    assert wide.model.options == {"width": 8}
    assert narrow.model == models.Own(network=Gated, options={"width": 4})
    assert narrow != wide
    assert len({hash(narrow), hash(wide)}) == 2


def test_dropout_is_on_in_training_alone():
    dropped = recipe(model=models.Own(network=Gated, options={"rate": 0.5}))
    one, again = trained(dropped), trained(dropped)
    plain = trained(recipe())
    assert measured(one, "batch/loss").values[0] != measured(plain, "batch/loss").values[0]
    assert measured(one, "train/loss").values[0] == measured(plain, "train/loss").values[0]
    np.testing.assert_array_equal(one.network.shift, again.network.shift)


def test_a_run_goes_on_from_its_checkpoint():
    declared = recipe(model=models.Own(network=Gated, options={"rate": 0.5}), epochs=4)
    whole, kept = trained(declared), []
    asked = iter(range(100))
    with pytest.raises(StoppedError):
        trained(declared, save=kept.append, cancelled=lambda: next(asked) == 2)
    assert kept[-1].epoch == 2
    resumed = trained(declared, checkpoint=kept[-1])
    assert resumed.before.restarts == 1
    for name, array in named_weights(whole.network).items():
        np.testing.assert_array_equal(array, named_weights(resumed.network)[name])


class Convolutional(eqx.Module):
    first: eqx.nn.Conv2d
    last: eqx.nn.Linear

    def __init__(self, shape, outputs, *, key):
        self.first = eqx.nn.Conv2d(1, 2, 3, key=key)
        self.last = eqx.nn.Linear(2 * 6 * 6, outputs, key=key)

    def __call__(self, x, *, key=None):
        return self.last(jnp.ravel(self.first(x[None])))


class Looping(eqx.Module):
    cell: eqx.nn.Linear

    def __init__(self, shape, outputs, *, key):
        self.cell = eqx.nn.Linear(outputs, outputs, key=key)

    def __call__(self, x, *, key=None):
        def step(state, one):
            return self.cell(state) + one, None

        return jax.lax.scan(step, jnp.zeros(self.cell.out_features), x)[0]


@pytest.mark.parametrize(
    ("network", "shape", "outputs", "expected"),
    [
        (Gated, (3,), 2, 3 + 3 * 4 + 4 * 2),
        (Convolutional, (8, 8), 5, 6 * 6 * 2 * 9 + 72 * 5),
        (Looping, (7,), 4, 7 * 4 * 4),
    ],
)
def test_multiplications_are_counted(network, shape, outputs, expected):
    assert models.Own(network=network).multiplications(shape, outputs) == expected


class Remaking(eqx.Module):
    """Has a function of its own that is another object each time it is made."""

    layer: eqx.nn.Linear
    bend: object = eqx.field(static=True)

    def __init__(self, shape, outputs, *, key):
        self.layer = eqx.nn.Linear(shape[0], outputs, key=key)
        self.bend = lambda x: x * 2

    def __call__(self, x, *, key=None):
        return self.bend(self.layer(x))


class Bare(eqx.Module):
    """Has arrays, and no layer."""

    matrix: jax.Array

    def __init__(self, shape, outputs, *, key):
        self.matrix = jax.random.normal(key, (outputs, *shape))

    def __call__(self, x, *, key=None):
        return self.matrix @ x


@pytest.mark.parametrize("network", [Remaking, Bare])
def test_unusual_networks_train(network):
    run = trained(recipe(model=models.Own(network=network)))
    assert measured(run, "train/loss").values[-1] < measured(run, "train/loss").values[0]


def test_a_function_makes_a_network_too():
    def made(shape, outputs, *, key, depth):
        return eqx.nn.MLP(shape[0], outputs, 4, depth, key=key)

    declared = models.Own(network=made, options={"depth": 2})
    assert list(named_weights(skeleton(declared, (3,), 2)))[-1] == "3.bias"
    assert recipe(model=declared).model == declared


class Normed(eqx.Module):
    norm: eqx.nn.BatchNorm

    def __init__(self, shape, outputs, *, key):
        self.norm = eqx.nn.BatchNorm(outputs, "batch", mode="batch")


class Counting(Bare):
    count: jax.Array

    def __init__(self, shape, outputs, *, key):
        super().__init__(shape, outputs, key=key)
        self.count = jnp.arange(3)


class Keyless(Bare):
    def __call__(self, x):
        return self.matrix @ x


class Wide(Bare):
    def __call__(self, x, *, key=None):
        return x


class Paired(Bare):
    def __call__(self, x, *, key=None):
        return self.matrix @ x, x


class Empty(eqx.Module):
    def __init__(self, shape, outputs, *, key):
        pass


def stateful(shape, outputs, *, key):
    return eqx.nn.make_with_state(Normed)(shape, outputs, key=key)


def raising(shape, outputs, *, key):
    raise RuntimeError("no such thing")


@pytest.mark.parametrize(
    ("network", "problem"),
    [
        (Normed, "keeps a state beside its weights (as eqx.nn.BatchNorm does)"),
        (stateful, "keeps a state beside its weights"),
        (Counting, "holds count, not of floating-point numbers"),
        (Keyless, "fails when it is called with a key for an example of shape (3,): TypeError"),
        (Wide, "gives float32 of shape (3,) for an example of shape (3,); should be floats (2,)"),
        (Paired, "gives a tuple for an example; should be an array (2,)"),
        (Empty, "has no arrays, so there is nothing to train"),
        (raising, "raising((3,), 2, key=key) fails: RuntimeError: no such thing"),
        (lambda shape, outputs, *, key: 3, "gives a int; should be one eqx.Module"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_trained_is_said_when_it_is_declared(network, problem):
    with pytest.raises(DeclarationError) as caught:
        recipe(model=models.Own(network=network))
    (fault,) = caught.value.faults
    assert fault.path == "model.network"
    assert problem in fault.problem


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({"model.options": {"widht": 3}}, "model.network", "unexpected keyword argument 'widht'"),
        ({"model.options": [3]}, "model.options", "should be a dict of options by name"),
        ({"model.options": {"width": b"3"}}, "model.options", "should be numbers, texts"),
        ({"model.options": {"t": math.inf}}, "model.options", "t: got inf; should be a finite"),
        (
            {"model.options": {"t": [1, math.nan]}},
            "model.options",
            "t: got nan; should be a finite",
        ),
        ({"model.network": 3}, "model.network", "should be a function or another callable"),
        ({"model.width": 3}, "model.width", "unknown field 'width'"),
        ({"model.options.width": 3}, "model.options.width", "unknown field 'width'"),
        ({"initialization": Initialization(biases="zeros")}, "initialization", "itself"),
    ],
    ids=str,
)
def test_wrong_declarations_are_refused(fields, path, problem):
    with pytest.raises(DeclarationError) as caught:
        recipe().with_fields(fields)
    assert [one.path for one in caught.value.faults] == [path]
    assert problem in caught.value.faults[0].problem


def test_a_network_without_layers_takes_no_penalty_on_them():
    with pytest.raises(
        DeclarationError, match=r"penalties\.l2: got 0\.1; the model has no layers"
    ):
        recipe(model=models.Own(network=Bare), penalties=Penalties(l2=0.1))

    def size(weights):
        return jnp.sum(jnp.abs(weights["matrix"]))

    own = Penalties(own=OwnPenalty(function=size, coefficient=0.1))
    assert recipe(model=models.Own(network=Bare), penalties=own).penalties == own


@pytest.mark.parametrize(
    ("probe", "network", "problem"),
    [
        (probes.WeightNorm(), Bare, "no module of this network has a `weight`"),
        (probes.FirstLayerChange(), Bare, "no module of this network has a `weight`"),
        (probes.HiddenUnits(), Gated, "which a network of your own does not tell"),
        (probes.WeightNorm(), Gated, None),
        (probes.GradientNorm(), Gated, None),
        (probes.HessianTrace(), Gated, None),
    ],
    ids=str,
)
def test_probes_say_what_they_cannot_measure(probe, network, problem):
    found = probe.faults(models.Own(network=network), (3,), 2)
    assert [problem in fault.problem for fault in found] == ([True] if problem else [])


def test_probes_of_layers_and_of_all_weights_work():
    weights = probes.Weights()
    run = trained(recipe(), observers=(probes.GradientNorm(), weights))
    assert measured(run, "gradient/norm").values.shape == (3, 2)
    assert measured(run, "weights/all").values.shape == (3, PARAMETERS)


def test_it_travels_without_its_weights():
    declared = recipe()
    again = pickle.loads(pickle.dumps(declared))
    assert again == declared
    assert hash(again) == hash(declared)
    assert len(pickle.dumps(declared)) < 4000


def test_declaring_and_counting_starts_no_backend():
    program = (
        "from jax._src import xla_bridge\n"
        "from paribus import Recipe, data, models, optimizers\n"
        "import own_network\n"
        "model = models.Own(network=own_network.Net)\n"
        "recipe = Recipe(data=data.Digits(), model=model, batch_size=8, epochs=1,\n"
        "    optimizer=optimizers.SGD(learning_rate=0.1))\n"
        "assert model.multiplications((8, 8), 10) == 640\n"
        "assert not xla_bridge.backends_are_initialized()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent)


def test_regression_on_arrays_of_ones_own():
    numbers = arrays(INPUTS[:, 0] * INPUTS[:, 1])
    run = trained(
        recipe(
            data=numbers, loss="mean_squared_error", optimizer=optimizers.Adam(learning_rate=0.01)
        )
    )
    assert measured(run, "test/loss").values[-1] < measured(run, "test/loss").values[0]
    assert isinstance(numbers, data.Arrays)
