"""The gradient check of a whole study: every condition, its own loss, penalties and dropout."""

import numpy as np
import pytest

from paribus import Factor
from paribus.data.base import Source
from paribus.errors import ParibusError
from paribus.models import CNN, Convolution, Pool
from paribus.objectives import Penalties
from paribus.study.gradients import check_gradients
from paribus.study.plan import make_plan
from study.example_study import tiny_study


def checks(factors, **fields):
    study = tiny_study(factors=factors, **fields)
    return list(check_gradients(make_plan(study.at(), Source()), Source()))


def test_every_condition_is_checked_once():
    network = CNN(convolutions=(Convolution(channels=2, kernel=3, pool=Pool()),), hidden=(4,))
    levels = {
        "plain": {},
        "faster": {"optimizer.learning_rate": 0.2},
        "dropout": {"model.dropout": 0.5},
        "penalties": {"penalties": Penalties(l1=0.01, l2=0.01)},
        "error": {"loss": "mean_squared_error"},
        "images": {"model": network},
    }
    found = checks([Factor("arm", levels)])
    assert [one.labels for one in found] == [{"arm": label} for label in levels]
    for one in found:
        assert one.check.passed, f"{one.labels}\n{one.check}"
        assert one.check.overall.excluded < 0.01 * one.check.overall.checked
    plain, faster, *others = (one.check for one in found)
    assert plain is faster  # the rate is no part of the objective
    for other in others:
        assert other.overall.worst != plain.overall.worst


def test_the_check_does_not_change_between_calls():
    factors = [Factor("model.dropout", {"half": 0.5})]
    (one,), (other,) = checks(factors), checks(factors)
    assert one.check == other.check


def test_a_loss_that_is_not_finite_is_told_with_its_condition():
    levels = {"fine": {}, "beyond": {"penalties": Penalties(l2=np.finfo(float).max)}}
    with pytest.raises(ParibusError, match="arm=beyond: the loss is inf at these weights"):
        checks([Factor("arm", levels)])
