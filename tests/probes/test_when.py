import pytest

from paribus.errors import DeclarationError
from paribus.probes.when import AtEnd, Every, LogSpaced


def due(when, last):
    return [epoch for epoch in range(last + 1) if when.due(epoch, last)]


def test_every_epoch_counts_from_epoch_0_and_takes_the_last():
    assert due(Every(), 3) == [0, 1, 2, 3]
    assert due(Every(epochs=4), 10) == [0, 4, 8, 10]


def test_log_spaced_runs_from_1_to_the_last():
    assert due(LogSpaced(count=4), 1000) == [1, 10, 100, 1000]
    assert due(LogSpaced(count=1), 7) == [1, 7]
    assert due(LogSpaced(count=10), 1) == [1]


def test_at_end():
    assert due(AtEnd(), 5) == [5]


@pytest.mark.parametrize("make", [lambda: Every(epochs=0), lambda: LogSpaced(count=-1)])
def test_counts_below_one_are_refused(make):
    with pytest.raises(DeclarationError, match=r"got (0|-1); should be greater than 0"):
        make()
