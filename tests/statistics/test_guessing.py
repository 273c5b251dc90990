import math

import pytest

from paribus.statistics.guessing import STALLED, stalls


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_a_loss_stalls_from_half_a_per_cent_below_that_of_guessing_on(classes):
    guessing = math.log(classes)
    assert stalls(guessing, classes)
    assert stalls(guessing * (1 - STALLED), classes)
    assert not stalls(guessing * (1 - STALLED) - 1e-9, classes)
    assert stalls(guessing * 10, classes)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stalls(loss):
    assert stalls(loss, 10)
