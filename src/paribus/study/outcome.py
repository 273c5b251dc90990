"""What came of running a plan."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab
from paribus.study.plan import Plan
from paribus.study.registration import Standing

if TYPE_CHECKING:
    import xarray

    from paribus.results.tidy import StudyResults

PHASES = ("data", "compile", "train", "evaluate", "probe", "store", "report", "total")


@dataclass
class Outcome:
    """What came of running a plan.

    `total` counts the distinct runs that the study consists of, `probed` stored runs of which
    more was measured; `analysed` are identities of analyses, `leaks` says by fingerprint what
    data holds twice. Failures are messages, of runs by key and of analyses by name. `seconds` is
    wall-clock time by phase; phases overlap, and analyses count as probes. `standing` says which
    claims are registered.
    """

    plan: Plan
    lab: Lab
    total: int = 0
    reused: int = 0
    trained: int = 0
    diverged: int = 0
    probed: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    analysis_failures: dict[str, str] = field(default_factory=dict)
    analysed: list[str] = field(default_factory=list)
    leaks: dict[str, str] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)
    model_steps: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))

    def results(self) -> "StudyResults":
        """All results of the study that the lab holds."""
        # Here, so that training does not wait until pandas is loaded.
        from paribus.results.load import load_results  # noqa: PLC0415

        with Catalogue.open(self.lab, create=False) as catalogue:
            return load_results(catalogue, self.plan.study.name, self.plan.study.scale)

    def dataset(self) -> "xarray.Dataset":
        """All results of the study, with a dim for each factor, replicate, epoch and layer."""
        from paribus.results.dataset import to_dataset  # noqa: PLC0415 - it loads xarray

        return to_dataset(self.results())
