"""Where a study runs, and who watches."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from paribus.data.base import Source
from paribus.errors import DeclarationError, Fault
from paribus.store.lab import Lab
from paribus.study.watch import Silent, Watch

On = Literal["threads", "processes", "ray", "inline"]
"""What trains: threads of this process (the default), worker processes, a Ray cluster, or, for
debugging, the calling thread itself."""


@dataclass(frozen=True)
class RunOptions:
    """Where a study runs: the lab that keeps it, where data is looked for, how many cores train.

    `on` says what trains; `address` is that of a Ray cluster, HOST:PORT, by default one that runs
    on this machine or is started here.

    At most `side_by_side` runs share a program on one device; by default one on CPUs, where that
    is fastest, and as many as memory holds on accelerators. A process that is killed loses about
    `checkpoint_seconds` of each run that it was training.
    """

    lab: Lab = Path("paribus-lab")
    source: Source = field(default_factory=Source)
    cores: int | None = None
    side_by_side: int | None = None
    checkpoint_seconds: float = 30.0
    watch: Watch = field(default_factory=Silent)
    on: On = "threads"
    address: str | None = None

    def __post_init__(self) -> None:
        least = {"cores": 1, "side_by_side": 1, "checkpoint_seconds": 0}
        given = {name: getattr(self, name) for name in least}
        faults = [
            Fault(name, f"got {value}; {least[name]} or more is allowed")
            for name, value in given.items()
            if value is not None and not value >= least[name]
        ]
        if self.on not in get_args(On):
            faults.append(Fault("on", f"got {self.on!r}; allowed are {', '.join(get_args(On))}"))
        if self.address is not None and self.on != "ray":
            problem = f"got {self.address!r} with on={self.on!r}; only a Ray cluster has one"
            faults.append(Fault("address", problem))
        if faults:
            raise DeclarationError(type(self).__name__, faults)
