"""The data of a study's runs, each data set in memory once."""

from collections.abc import Iterable, Mapping

from paribus.data.base import DataSpec, Location, Source
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
        for data in {run.data for run in runs if run.data is not None}:
            self._load(data)

    def loaded(self, run: PlannedRun) -> Dataset:
        """The data set of a run, loaded if it is not here."""
        self.load([run])
        return self.of(run)

    def of(self, run: PlannedRun) -> Dataset:
        """The loaded data set of a run."""
        assert run.data is not None
        return self._loaded[run.data]

    def leaks(
        self, locations: Mapping[DataSpec, Location], known: Mapping[str, str]
    ) -> dict[str, str]:
        """What data sets hold twice, by fingerprint; "" where that is nothing.

        Of those `known` it is not looked for again. Those that are not here, for all their runs
        are stored, are left out.
        """
        found: dict[str, str] = {}
        for data, location in locations.items():
            if location.fingerprint in known:
                found[location.fingerprint] = known[location.fingerprint]
            elif data in self._loaded or location.state != "absent":
                notice = find_leaks(self._load(data)).notice
                found[location.fingerprint] = notice or ""
        return found

    def _load(self, data: DataSpec) -> Dataset:
        if data not in self._loaded:
            self._loaded[data] = data.load(self._source)
        return self._loaded[data]
