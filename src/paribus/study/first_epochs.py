"""The first epochs of a run trained once more: to time them, or to look at each step."""

import time
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from paribus.training import program
from paribus.training.group import next_chunk
from paribus.training.lane import Lane
from paribus.training.loop import arithmetic
from paribus.training.member import Member
from paribus.training.task import Task


class FirstEpochs:
    """The first epochs of a run, to be trained again and again from the start by its programs."""

    def __init__(self, task: Task, lane: Lane) -> None:
        self._recipe = task.recipe
        with arithmetic(task.recipe):
            member = Member(task)
            # Kept here, since a lane keeps the programs of few cohorts.
            self._programs = lane.programs(member.static)
            self._start = lane.put((member.initial, member.fixed.traced))
            self._streams = lane.put((member.fixed.dropout, member.fixed.augmentation))
            self._data = lane.data(member.dataset)
        self._member, self._lane = member, lane
        self._chunk = 8

    def seconds(self) -> float:
        """Seconds of the training steps alone, in calls of about a second as in training."""
        done, seconds, steps = 0, 0.0, self._recipe.steps_per_epoch
        with arithmetic(self._recipe):
            state, feed = self._begin(), self._feed(1)
            while done < steps:
                stop = min(steps, done + self._chunk)
                span = np.array([done, stop], np.int32)
                arguments = (state, self._start[1], feed, span)
                train = self._programs.compiled(program.TRAIN, arguments)
                begun = time.perf_counter()
                state = jax.block_until_ready(train(*arguments))
                took = time.perf_counter() - begun
                self._chunk = next_chunk(stop - done, took)
                done, seconds = stop, seconds + took
        assert int(state.step) == steps
        return seconds

    def losses(self, steps: int) -> NDArray[Any]:
        """The objective of each of the first so many batches, as it is trained."""
        found: list[float] = []
        with arithmetic(self._recipe):
            state, epoch = self._begin(), 0
            while len(found) < steps:
                epoch += 1
                feed, order = self._feed(epoch), self._member.order(epoch, epoch)
                for step in range(min(self._recipe.steps_per_epoch, steps - len(found))):
                    nothing = np.zeros(state.losses.shape, state.losses.dtype)
                    span = np.array([step, step + 1], np.int32)
                    arguments = (state._replace(losses=nothing), self._start[1], feed, span)
                    state = self._programs.compiled(program.TRAIN, arguments)(*arguments)
                    found.append(float(np.sum(state.losses)) / np.sum(order[step] >= 0))
        return np.asarray(found)

    def _begin(self) -> program.State:
        start = self._programs.compiled(program.START, self._start)
        return jax.block_until_ready(start(*self._start))

    def _feed(self, epoch: int) -> program.Feed:
        order = self._lane.put(self._member.order(epoch, epoch))
        return program.Feed(self._data, order, *self._streams)
