"""What analyses work with: the stored runs of a study, and a lane to compute on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import equinox as eqx
import numpy as np
from numpy.typing import NDArray

from paribus.analyses.base import AnalysedRun, CheckedGradient, Weights
from paribus.data.dataset import Dataset
from paribus.models.base import named_weights, skeleton, weights_of, with_weights
from paribus.store.arrays import decode_weights
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement
from paribus.study.first_epochs import FirstEpochs
from paribus.study.gradients import check_run, first_objective
from paribus.study.native import as_recipe
from paribus.study.plan import Plan, PlannedRun
from paribus.training import program
from paribus.training.batch import inputs_of
from paribus.training.lane import Lane, host
from paribus.training.loop import arithmetic
from paribus.training.member import Member
from paribus.training.recipe import Recipe
from paribus.training.task import Task


class StudyBench:
    """The workbench of a planned study, whose entry the catalogue holds.

    `dataset` gives a run's data, `lane` the lane to compute on; both are asked for when first
    needed, and data that several runs share should be one. Used by the thread that opened the
    catalogue, while nothing is trained.
    """

    def __init__(
        self,
        plan: Plan,
        catalogue: Catalogue,
        dataset: Callable[[PlannedRun], Dataset],
        lane: Callable[[], Lane],
    ) -> None:
        self._catalogue = catalogue
        self._study = plan.study
        self._planned = {run.key: run for run in plan.runs}
        self._dataset = dataset
        self._new_lane = lane

    @property
    def runs(self) -> Sequence[AnalysedRun]:
        return self._runs

    @cached_property
    def _runs(self) -> tuple[AnalysedRun, ...]:
        members = self._catalogue.study(self._study.name, self._study.scale).members
        stored = self._catalogue.summaries(member.key for member in members)
        finished = {run.key for run in stored if run.status == "finished"}
        return tuple(
            AnalysedRun(member.key, member.condition, member.replicate)
            for member in members
            if member.key in finished
        )

    def measurement(self, key: str, name: str) -> Measurement | None:
        probes = [probe.identity for probe in self._study.probes]
        found = [one for _, one in self._catalogue.measurements([key], [name], probes)]
        return found[0] if found else None

    def weights(self, key: str) -> Weights:
        return decode_weights(self._catalogue.artifact(key, "weights.safetensors"))

    def evaluate(self, key: str, networks: Iterable[Weights]) -> Mapping[str, NDArray[Any]]:
        task = self._task(key)
        with arithmetic(task.recipe):
            # What a run is measured by, with numbers of networks in place of epochs.
            member = Member(task)
            data = self._lane.data(member.dataset)
            positions = self._lane.put(member.fixed.evaluated)
            programs = self._lane.programs(member.static)
            for number, weights in enumerate(networks):
                placed = self._lane.put(_tree(task.recipe, weights))
                arguments = (placed, data, positions)
                evaluate = programs.compiled(program.EVALUATE, arguments)
                member.history.add_evaluation(number, host(evaluate(*arguments)))
        found = member.history.measurements([])
        return {one.name: one.values for one in found if one.dims == ("epoch",)}

    def epoch_seconds(self, keys: Sequence[str], repeats: int) -> NDArray[Any]:
        timed = [FirstEpochs(self._task(key), self._lane) for key in keys]
        for one in timed:
            one.seconds()  # compiles
        return np.asarray([[one.seconds() for one in timed] for _ in range(repeats)])

    def outputs(self, key: str, weights: Weights) -> NDArray[Any]:
        recipe = as_recipe(self._planned[key].recipe).with_fields({"precision": "float64"})
        dataset = self._dataset(self._planned[key])
        with arithmetic(recipe):
            network = program.network_of(recipe, _tree(recipe, weights))
            inputs = inputs_of(recipe, self._lane.put(dataset.inputs[dataset.test]))
            return np.asarray(program.outputs_of(network, inputs, None))

    def step_losses(self, key: str, steps: int) -> NDArray[Any]:
        return FirstEpochs(self._task(key), self._lane).losses(steps)

    def first_gradient(self, key: str) -> NDArray[Any]:
        run = self._planned[key]
        with first_objective(run, self._dataset(run)) as (loss, network):
            gradient = eqx.filter_jit(eqx.filter_grad(loss))(network)
            parts = [np.ravel(part) for part in named_weights(gradient).values()]
        return np.concatenate(parts)

    def gradient_check(self, key: str) -> CheckedGradient:
        run = self._planned[key]
        found = check_run(run, self._dataset(run))
        layers = {
            layer.name: (layer.relative_error, layer.checked, layer.excluded)
            for layer in found.layers
        }
        return CheckedGradient(layers, found.overall.relative_error)

    @cached_property
    def _lane(self) -> Lane:
        return self._new_lane()

    def _task(self, key: str) -> Task:
        run = self._planned[key]
        return Task(as_recipe(run.recipe), run.seed, self._dataset(run))


def _tree(recipe: Recipe, weights: Weights) -> Any:
    """Arrays by name as the tree of weights of the recipe's network."""
    facts = recipe.data.facts()
    return weights_of(with_weights(skeleton(recipe.model, facts.shape, facts.outputs), weights))
