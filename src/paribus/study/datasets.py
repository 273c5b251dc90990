"""The data of a study's runs, each data set in memory once."""

from collections.abc import Collection, Iterable

from paribus.data.base import DataSpec, Source
from paribus.data.dataset import Dataset
from paribus.data.leaks import find_leaks
from paribus.study.plan import PlannedRun


class Datasets:
    """Data sets by recipe, however a recipe splits, scales or relabels them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._loaded: dict[DataSpec, Dataset] = {}

    def load(self, runs: Iterable[PlannedRun]) -> None:
        """Loads what these runs are trained on, as far as it is not here.

        Raises `MissingDataError` and `DamagedDataError`.
        """
        for data in {run.recipe.data.bare() for run in runs}:
            if data not in self._loaded:
                self._loaded[data] = data.load(self._source)

    def loaded(self, run: PlannedRun) -> Dataset:
        """The data set of a run, loaded if it is not here."""
        self.load([run])
        return self.of(run)

    def of(self, run: PlannedRun) -> Dataset:
        """The loaded data set of a run."""
        return self._loaded[run.recipe.data.bare()]

    def leaks(self, known: Collection[str]) -> dict[str, str]:
        """What was found of examples that loaded data sets hold twice, by fingerprint.

        "" where there are none; of those `known` it is not looked for again.
        """
        loaded = [data for data in self._loaded.values() if data.fingerprint not in known]
        return {data.fingerprint: find_leaks(data).notice or "" for data in loaded}
