"""Initial weights: their distributions (PyTorch's own, where it is installed), their pairing."""

import math

import jax
import numpy as np
import pytest
from scipy import stats

from paribus.models import MLP, Initialization
from paribus.models.base import named_weights, skeleton
from paribus.models.initialize import initialize, variance

INPUTS, WIDTH, OUTPUTS = 300, 400, 10
MODEL = MLP(hidden=(WIDTH,))
SCHEMES = ["he", "lecun", "xavier"]


def weights(model=MODEL, replicate=0, dtype=np.float32, **initialization):
    empty = skeleton(model, (INPUTS,), OUTPUTS)
    drawn = initialize(empty, Initialization(**initialization), replicate, dtype)
    return {name: np.asarray(array) for name, array in named_weights(drawn).items()}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("shape", "spread"), [("normal", stats.norm), ("uniform", stats.uniform(-1, 2))]
)
def test_a_scheme_has_its_variance_and_its_shape(scheme, shape, spread):
    drawn = weights(weights=f"{scheme}_{shape}")["1.weight"].ravel()
    expected = {
        "he": 2 / INPUTS,
        "lecun": 1 / INPUTS,
        "xavier": 2 / (INPUTS + WIDTH),
    }[scheme]
    assert variance(f"{scheme}_{shape}", INPUTS, WIDTH) == pytest.approx(expected)
    # The standard error of a variance is at most sqrt(2 / n) of it: here 0.4 %.
    assert np.var(drawn) == pytest.approx(expected, rel=0.02)
    scale = math.sqrt(expected) * (1 if shape == "normal" else math.sqrt(3))
    assert stats.kstest(drawn / scale, spread.cdf).pvalue > 0.01
    if shape == "uniform":
        assert 0.999 * scale < np.abs(drawn).max() <= scale * (1 + 1e-6)


@pytest.mark.parametrize(
    ("scheme", "theirs"),
    [
        ("he_normal", lambda init, x: init.kaiming_normal_(x, nonlinearity="relu")),
        ("he_uniform", lambda init, x: init.kaiming_uniform_(x, nonlinearity="relu")),
        ("lecun_normal", lambda init, x: init.kaiming_normal_(x, nonlinearity="linear")),
        ("lecun_uniform", lambda init, x: init.kaiming_uniform_(x, nonlinearity="linear")),
        ("xavier_normal", lambda init, x: init.xavier_normal_(x)),
        ("xavier_uniform", lambda init, x: init.xavier_uniform_(x)),
    ],
)
def test_a_scheme_is_distributed_as_in_pytorch(scheme, theirs):
    torch = pytest.importorskip("torch", reason="compares with torch.nn.init: needs torch")
    torch.manual_seed(0)
    expected = theirs(torch.nn.init, torch.empty(WIDTH, INPUTS)).numpy().ravel()
    drawn = weights(weights=scheme)["1.weight"].ravel()
    assert stats.ks_2samp(drawn, expected).pvalue > 0.01


def test_the_default_is_pytorchs():
    torch = pytest.importorskip("torch", reason="compares with torch.nn.Linear: needs torch")
    torch.manual_seed(0)
    layer, ours = torch.nn.Linear(INPUTS, WIDTH), weights()
    bound = 1 / math.sqrt(INPUTS)
    for part in ("weight", "bias"):
        drawn = ours[f"1.{part}"].ravel()
        expected = getattr(layer, part).detach().numpy().ravel()
        assert stats.ks_2samp(drawn, expected).pvalue > 0.01
        assert 0.98 * bound < np.abs(drawn).max() <= bound * (1 + 1e-6)


def test_biases_may_start_at_zero():
    assert not weights(biases="zeros")["1.bias"].any()
    assert weights()["1.bias"].all()


def test_equal_shapes_start_equal_whatever_the_condition():
    one = weights(MLP(hidden=(WIDTH,), activation="relu"))
    other = weights(MLP(hidden=(WIDTH,), activation="tanh", dropout=0.5))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_a_layer_starts_equal_beside_layers_of_other_shapes():
    shallow, deep = weights(MLP(hidden=(WIDTH,))), weights(MLP(hidden=(WIDTH, 5)))
    np.testing.assert_array_equal(shallow["1.weight"], deep["1.weight"])


def test_precision_rounds_the_same_numbers():
    with jax.enable_x64(True):
        double = weights(dtype=np.float64)
    assert double["1.weight"].dtype == np.float64
    np.testing.assert_array_equal(weights()["1.weight"], double["1.weight"].astype(np.float32))


def test_replicates_layers_and_biases_differ():
    square = MLP(hidden=(INPUTS, INPUTS))
    first, second = weights(square, replicate=0), weights(square, replicate=1)
    for name in first:
        assert np.mean(first[name] == second[name]) < 0.01
    assert np.mean(first["1.weight"] == first["2.weight"]) < 0.01
    assert np.mean(first["1.weight"][0] == first["1.bias"]) < 0.01


def test_the_numbers_are_pinned():
    # Another draw would silently start every stored run elsewhere.
    pinned = [-0.0009913179, 0.030343696, 0.0068183523]
    np.testing.assert_allclose(weights()["1.weight"][0, :3], pinned, rtol=1e-6)
