"""Where a study runs, and who watches."""

from dataclasses import dataclass, field
from pathlib import Path

from paribus.data.base import Source
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
