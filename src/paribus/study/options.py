"""Where a study runs, and who watches."""

from dataclasses import dataclass, field
from pathlib import Path

from paribus.data.base import Source
from paribus.study.watch import Silent, Watch


@dataclass(frozen=True)
class RunOptions:
    """Where a study runs: the lab's folder, where data is looked for, how many cores train."""

    lab: Path = Path("paribus-lab")
    source: Source = field(default_factory=Source)
    cores: int | None = None
    watch: Watch = field(default_factory=Silent)
