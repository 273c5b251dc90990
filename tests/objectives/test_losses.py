import jax
import numpy as np
import pytest
from scipy.special import log_softmax

from paribus.objectives.losses import LOSSES

RANDOM = np.random.default_rng(0)
OUTPUTS = RANDOM.normal(size=(50, 7)) * 3
CLASSES = RANDOM.integers(0, 7, 50).astype(np.int32)
ONE_HOT = np.eye(7)[CLASSES]
LOGS = log_softmax(OUTPUTS, axis=1)

PLAIN = {
    "cross_entropy": -np.sum(ONE_HOT * LOGS, axis=1),
    "kl_divergence": -np.sum(ONE_HOT * LOGS, axis=1),  # one-hot targets have no entropy
    "mean_squared_error": np.mean((OUTPUTS - ONE_HOT) ** 2, axis=1),
}


def values(name, outputs, targets):
    with jax.enable_x64(True):
        return np.asarray(jax.vmap(LOSSES[name])(outputs, targets))


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_its_formula(name):
    np.testing.assert_allclose(values(name, OUTPUTS, CLASSES), PLAIN[name], rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_pytorchs(name):
    functional = pytest.importorskip(
        "torch", reason="compares with torch.nn.functional: needs torch"
    ).nn.functional
    torch = pytest.importorskip("torch", reason="needs torch")
    outputs = torch.tensor(OUTPUTS)
    expected = {
        "cross_entropy": lambda: functional.cross_entropy(outputs, torch.tensor(CLASSES).long()),
        "kl_divergence": lambda: functional.kl_div(
            functional.log_softmax(outputs, dim=1), torch.tensor(ONE_HOT), reduction="batchmean"
        ),
        "mean_squared_error": lambda: functional.mse_loss(outputs, torch.tensor(ONE_HOT)),
    }[name]()
    assert values(name, OUTPUTS, CLASSES).mean() == pytest.approx(expected.item(), rel=1e-12)


def test_squared_error_of_vectors():
    targets = RANDOM.normal(size=OUTPUTS.shape)
    found = values("mean_squared_error", OUTPUTS, targets)
    np.testing.assert_allclose(found, np.mean((OUTPUTS - targets) ** 2, axis=1), rtol=1e-12)


@pytest.mark.parametrize("name", ["cross_entropy", "kl_divergence"])
def test_large_logits_give_no_infinity(name):
    outputs = np.array([[1e4, -1e4, 0.0]])
    assert values(name, outputs, np.array([1], np.int32)) == pytest.approx(2e4)
    assert values(name, outputs, np.array([0], np.int32)) == pytest.approx(0)
