"""Where a study runs, and who watches."""

from dataclasses import dataclass, field
from pathlib import Path

from paribus.data.base import Source
from paribus.errors import DeclarationError, Fault
from paribus.study.watch import Silent, Watch


@dataclass(frozen=True)
class RunOptions:
    """Where a study runs: the lab's folder, where data is looked for, how many cores train.

    At most `side_by_side` runs share a program on one device; by default one on CPUs, where that
    is fastest, and as many as memory holds on accelerators. A process that is killed loses about
    `checkpoint_seconds` of each run that it was training.
    """

    lab: Path = Path("paribus-lab")
    source: Source = field(default_factory=Source)
    cores: int | None = None
    side_by_side: int | None = None
    checkpoint_seconds: float = 30.0
    watch: Watch = field(default_factory=Silent)

    def __post_init__(self) -> None:
        least = {"cores": 1, "side_by_side": 1, "checkpoint_seconds": 0}
        given = {name: getattr(self, name) for name in least}
        faults = [
            Fault(name, f"got {value}; {least[name]} or more is allowed")
            for name, value in given.items()
            if value is not None and not value >= least[name]
        ]
        if faults:
            raise DeclarationError(type(self).__name__, faults)
