"""Runs of one cohort on one lane, side by side from where they are to their ends.

A group of one is a run trained by the plain program; that is how CPUs train. In a larger group
every array of the training state has a row for each run. Runs of a group are always at the same
step: one that is at its end leaves, and when half have left, the others move together.

A compiled call lasts about a second (its number of steps is an argument), so that progress shows,
checkpoints are taken and an interruption is obeyed; how the steps are divided into calls does not
change the result.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from paribus.models.base import weights_of
from paribus.snapshot import Observer
from paribus.training import program
from paribus.training.finishing import finish, landscape_of
from paribus.training.lane import Lane, Programs, host, made_by
from paribus.training.member import Member
from paribus.training.observing import OBSERVE, seen_besides_weights
from paribus.training.rows import chosen, stacked, unstacked
from paribus.training.task import StoppedError, Task, Trained

CALL_SECONDS = 1.0


class TooWideError(Exception):
    """The program for so many runs does not fit into the lane's memory."""


class Group:
    """The mutable middle of `train_runs`: members that have not ended, each with its row."""

    def __init__(self, tasks: Sequence[Task], lane: Lane) -> None:
        self.lane = lane
        self.members = [Member(task) for task in tasks]
        self.recipe = tasks[0].recipe
        self.programs: Programs = lane.programs(self.members[0].static)
        self.data = lane.data(self.members[0].dataset)
        self.rows: list[Member | None] = list(self.members)
        self.previous: Any = None
        self.state = self._begin()
        self.done = self._resume()
        self.saved = time.monotonic()
        self.chunk = 8

    @property
    def active(self) -> list[Member]:
        """The members that go on."""
        return [member for member in self.rows if member is not None]

    def train(self) -> Iterator[tuple[int, Trained]]:
        """Each run as it is finished, with its number among the tasks."""
        if self.active[0].epoch == 0 and not self.done:
            self._measure()
            yield from self._part()
        while self.active:
            self._feed()
            self._measure()
            yield from self._part()
            self._save_if_due()

    def show(self, network: Any, epoch: int) -> None:
        """Lets the observers of a run alone measure a network as it was after so many epochs."""
        (member,) = self.members
        self.state = self.state._replace(weights=self.lane.put(weights_of(network)))
        member.epoch = member.last = epoch
        member.phases = 1 if self.recipe.second_phase is None else 2
        self._observe(member.observers_due(), [member])

    def _begin(self) -> program.State:
        for member in self.members:
            if member.task.checkpoint is None or "initial" in member.needs:
                self._warm_up(member)
        # At once: a transfer takes longer than what is in it.
        placed = [(member.initial, member.fixed) for member in self.members]
        weights, self.fixed = self.lane.put(stacked(placed))
        arguments = (weights, self.fixed.traced)
        return self._compiled(program.START, arguments)(*arguments)

    def _warm_up(self, member: Member) -> None:
        """Trains the network that a run starts from, where that is not a fresh one."""
        task = member.task
        before = task.recipe.predecessor
        if before is None:
            return
        first = Task(before, task.replicate, task.dataset, cancelled=task.cancelled)
        ((_, trained),) = Group([first], self.lane).train()
        member.initial = weights_of(trained.network)
        member.seconds += trained.seconds

    def _resume(self) -> int:
        """Puts the members where their checkpoints are; how many steps into a feed that is."""
        found = [member.task.checkpoint for member in self.members]
        checkpoints = [checkpoint for checkpoint in found if checkpoint is not None]
        if not checkpoints:
            return 0
        (place,) = {checkpoint.place for checkpoint in checkpoints}
        self._remember(place[0])
        fresh = unstacked((self.state, self.previous), len(self.rows))[0]
        if any(not checkpoint.fits(jax.tree.leaves(fresh)) for checkpoint in checkpoints):
            for member in self.members:  # of another program: they are no use
                self._warm_up(member)
            fresh_weights = self.lane.put(stacked([member.initial for member in self.members]))
            self.state = self.state._replace(weights=fresh_weights)
            return 0
        tree = jax.tree.structure(fresh)
        carried = [jax.tree.unflatten(tree, checkpoint.state) for checkpoint in checkpoints]
        for member, checkpoint in zip(self.members, checkpoints, strict=True):
            member.resume(checkpoint)
        state, self.previous = stacked(carried)
        self.state = self.lane.put(state)
        return place[1]

    def _feed(self) -> None:
        """Trains until something is to be measured, or the feed is at its end."""
        first = self.active[0].epoch
        last = self.active[0].next_due(self.recipe.epochs_per_feed)
        orders = [
            member.order(first + 1, last) if member else self.active[0].order(first + 1, last)
            for member in self.rows
        ]
        order = self.lane.put(stacked(orders))
        feed = program.Feed(self.data, order, self.fixed.dropout, self.fixed.augmentation)
        if not self.done:
            nothing = np.zeros(self.state.losses.shape, self.state.losses.dtype)
            self.state = self.state._replace(losses=nothing)
            self._remember(first)
        steps = (last - first) * self.recipe.steps_per_epoch
        while self.done < steps:
            self._stop_if_asked()
            stop = min(steps, self.done + self.chunk)
            took = self._call(feed, stop)
            self.chunk = next_chunk(stop - self.done, took)
            self.done = stop
            if stop < steps:  # at its end the run is soon at a better place
                self._save_if_due()
        self.done = 0
        for member, losses in zip(
            self.rows, unstacked(host(self.state.losses), len(self.rows)), strict=True
        ):
            if member is not None:
                member.add_losses(losses[: last - first])

    def _remember(self, epoch: int) -> None:
        """Keeps the weights of before a feed, where an observer wants those of an epoch ago."""
        if any("previous" in member.needs for member in self.active):
            # A copy, since the state is used up by the next call.
            self.previous = jax.tree.map(np.array, self.state.weights)
            for member in self.active:
                member.previous_epoch = epoch

    def _call(self, feed: program.Feed, stop: int) -> float:
        """Seconds of the steps up to `stop`."""
        arguments = (self.state, self.fixed.traced, feed, np.array([self.done, stop], np.int32))
        steps = self._compiled(program.TRAIN, arguments)
        if self.lane.memory and len(self.rows) > 1:
            needed = self.programs.bytes_of(program.TRAIN, len(self.rows))
            if needed > self.lane.memory:
                raise TooWideError(f"{needed} bytes for {len(self.rows)} runs")
        begun = time.perf_counter()
        self.state = jax.block_until_ready(steps(*arguments))
        return self._spent("train", begun)

    def _measure(self) -> None:
        """Evaluates and observes the members for which that is due."""
        evaluated = [member for member in self.active if member.evaluation_due()]
        if evaluated:
            self._evaluate(evaluated)
        self._observe_due(self.active)
        finishing = [member for member in self.active if member.second_phase_due]
        for member in finishing:
            self._finish(member)
        self._observe_due(finishing)

    def _observe_due(self, members: list[Member]) -> None:
        due: dict[tuple[Observer, ...], list[Member]] = {}
        for member in members:
            due.setdefault(member.observers_due(), []).append(member)
        for observers, together in due.items():
            if observers:
                self._observe(observers, together)

    def _finish(self, member: Member) -> None:
        """The second phase of a run, and the evaluation of what came of it."""
        row, count = self.rows.index(member), len(self.rows)
        begun = time.perf_counter()
        weights = host(chosen(self.state.weights, [row], count))
        landscape = self.programs.made("landscape", lambda: landscape_of(member.static, weights))
        finished, descent = finish(member, weights, landscape, self.data)
        if descent.why == "cancelled":
            raise StoppedError(member.steps - member.before.steps, member.seconds)
        member.seconds.train += time.perf_counter() - begun
        member.add_second_phase(descent)
        every = unstacked(host(self.state.weights), count)
        every[row] = finished
        self.state = self.state._replace(weights=self.lane.put(stacked(every)))
        self._evaluate([member])

    def _evaluate(self, members: list[Member]) -> None:
        arguments = (self.state.weights, self.data, self.fixed.evaluated)
        evaluate = self._compiled(program.EVALUATE, arguments)
        begun = time.perf_counter()
        found = unstacked(host(evaluate(*arguments)), len(self.rows))
        self._spent("evaluate", begun)
        for member in members:
            member.add_evaluation(found[self.rows.index(member)])

    def _observe(self, observers: tuple[Observer, ...], members: list[Member]) -> None:
        for double in (False, True):
            chosen_here = tuple(one for one in observers if one.double is double)
            if chosen_here:
                with jax.enable_x64(double or self.recipe.precision == "float64"):
                    self._observe_as(double, chosen_here, members)

    def _observe_as(
        self, double: bool, observers: tuple[Observer, ...], members: list[Member]
    ) -> None:
        rows = [member or self.active[0] for member in self.rows]
        seen = self.lane.put(seen_besides_weights(rows, self.previous, observers))
        traced = self.fixed.traced
        if double:
            traced = self.lane.put(stacked([row.traced_as(np.dtype("float64")) for row in rows]))
        arguments = (seen._replace(weights=self.state.weights), traced, self.data)
        fixed = {"observers": observers, "double": double}
        observe = self._compiled(OBSERVE, arguments, **fixed)
        begun = time.perf_counter()
        found = unstacked(host(observe(*arguments)), len(self.rows))
        self._spent("probe", begun)
        for member in members:
            member.history.add_observation(member.epoch, found[self.rows.index(member)])

    def _part(self) -> Iterator[tuple[int, Trained]]:
        """Lets go of the members that are at their ends."""
        count = len(self.rows)
        for row, member in enumerate(self.rows):
            if member is None:
                continue
            if member.diverged_epoch is None and member.epoch:
                member.task.watch(member.epoch)
            if member.ended:
                self.rows[row] = None
                weights = host(chosen(self.state.weights, [row], count))
                yield self.members.index(member), member.trained(weights)
        if 0 < len(self.active) <= count // 2:
            rows = [row for row, member in enumerate(self.rows) if member is not None]
            self.state = chosen(self.state, rows, count)
            self.previous = chosen(self.previous, rows, count)
            self.rows = [self.rows[row] for row in rows]
            self.fixed = self.lane.put(stacked([member.fixed for member in self.active]))

    def _compiled(self, wanted: program.Program, arguments: tuple[Any, ...], **fixed: Any) -> Any:
        before = self.programs.compile_seconds
        found = self.programs.compiled(wanted, arguments, len(self.rows), **fixed)
        self._share("compile", self.programs.compile_seconds - before)
        return found

    def _spent(self, phase: str, begun: float) -> float:
        seconds = time.perf_counter() - begun
        self._share(phase, seconds)
        return seconds

    def _share(self, phase: str, seconds: float) -> None:
        for member in self.active:
            spent = getattr(member.seconds, phase) + seconds / len(self.active)
            setattr(member.seconds, phase, spent)

    def _stop_if_asked(self) -> None:
        member = self.active[0]
        if any(one.task.cancelled() for one in self.active):
            if member.epoch or self.done:
                self._save()
            raise StoppedError(member.steps + self.done - member.before.steps, member.seconds)

    def _save_if_due(self) -> None:
        if time.monotonic() - self.saved >= self.members[0].task.checkpoint_seconds:
            self._save()
            self.saved = time.monotonic()

    def _save(self) -> None:
        made_with = made_by(self.lane, self.members[0].task.observers)
        carried = unstacked((host(self.state), self.previous), len(self.rows))
        for member, own in zip(self.rows, carried, strict=True):
            if member is not None:
                leaves = [np.array(leaf) for leaf in jax.tree.leaves(own)]
                member.task.save(member.checkpoint(self.done, leaves, made_with))


def next_chunk(steps: int, took: float) -> int:
    """How many steps to ask of the next call, given what the last one took."""
    # Growth is bounded, because the first call of a program can be timed wrongly.
    return max(1, min(8 * steps, int(steps * CALL_SECONDS / max(took, 1e-6))))
