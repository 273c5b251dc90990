"""Lanes played through: compared with an executor's own choices, and with sums."""

import pytest

from paribus.study.forecast import Waiting, seconds_until_done

IDLE = (0.0, -1)


def test_one_lane_takes_the_sum():
    waiting = [Waiting(0, 3, 2.0, 1.0), Waiting(1, 2, 5.0, 0.5)]
    assert seconds_until_done([(4.0, 7)], waiting) == 4 + 1 + 6 + 0.5 + 10


def test_the_cohort_at_hand_is_not_compiled_again():
    assert seconds_until_done([(4.0, 0)], [Waiting(0, 3, 2.0, 1.0)]) == 10


def test_lanes_keep_to_their_cohorts_and_help_at_the_end():
    waiting = [Waiting(0, 4, 2.0, 1.0), Waiting(1, 1, 2.0, 1.0)]
    # One lane: 1 + 2, 2, 2; the other: 1 + 2, then it compiles to help: 1 + 2.
    assert seconds_until_done([IDLE, IDLE], waiting) == 7


def test_a_lane_that_is_busy_for_long_is_waited_for():
    assert seconds_until_done([(100.0, 0), IDLE], [Waiting(1, 2, 3.0, 0.0)]) == 100


def test_without_lanes_or_work_nothing_is_to_be_waited_for():
    assert seconds_until_done([], [Waiting(0, 3, 2.0, 1.0)]) == 0
    assert seconds_until_done([(3.0, 0)], []) == 3


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_many_runs_are_shared_out_nearly_as_if_played(lanes):
    waiting = [Waiting(number, 100 + number, 1.0 + number / 10, 0.3) for number in range(5)]
    played = seconds_until_done([IDLE] * lanes, waiting)
    shared = seconds_until_done([IDLE] * lanes, waiting, played=0)
    assert shared == pytest.approx(played, rel=0.05)
