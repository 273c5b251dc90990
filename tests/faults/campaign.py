"""The campaign: every fault so many times, each study then finished and compared.

PYTHONPATH=tests python -m faults.campaign --times 100 --seed 1 --only killed --record FILE
"""

import argparse
import random
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.processes import finish as wait_for
from cli.processes import start
from faults.command import Ended, Site
from faults.damage import COPY, DAMAGE
from faults.fault import Fault
from faults.finishing import Finish, by_command, inside
from faults.labs import begun, differing, left, runs_of, stored
from faults.signals import SIGNALS
from faults.study import RUNS, write_study
from faults.surroundings import SURROUNDINGS
from faults.table import Row, page
from faults.workers import DATABASE, WORKERS
from paribus.store.records import StoredRun

FAULTS: tuple[Fault, ...] = (*SIGNALS, *WORKERS, *DATABASE, *SURROUNDINGS, *DAMAGE)
EPOCHS = 100
_MISSES = 20


@dataclass(frozen=True)
class Ground:
    """The study undisturbed: its files, its programs compiled, its runs, its time."""

    folder: Path
    seconds: float
    expected: Mapping[str, StoredRun | str]

    def site(self, folder: Path) -> Site:
        """A copy of the files, and a lab that is not there yet."""
        shutil.copytree(self.folder / "files", folder)
        return _site(folder, self.seconds)


def make_ground(folder: Path, epochs: int = EPOCHS) -> Ground:
    """Runs the study twice undisturbed; the second time its programs are compiled."""
    files = folder / "files"
    write_study(files, epochs)
    for name in ("first", "second"):
        begun = time.monotonic()
        site = _site(files, 0.0, folder / name)
        ended = site.begin().ended()
        if ended.code != 0:
            raise RuntimeError(f"the undisturbed study did not finish: {ended.err}")
    found = runs_of(folder / "second"), runs_of(folder / "first")
    if len(found[0]) != RUNS or differing(*found):
        raise RuntimeError("two undisturbed studies differ")
    return Ground(folder, time.monotonic() - begun, found[0])


def _site(files: Path, seconds: float, lab: Path | None = None) -> Site:
    environment = {"XDG_CACHE_HOME": str(files / "cache")}
    return Site(files / "disturbed.py", lab or files / "lab", seconds, environment)


def try_fault(
    ground: Ground, fault: Fault, times: int, choice: random.Random, finish: Finish
) -> Row:
    """Tries a fault so many times; what came of it."""
    row = Row(fault.name, fault.told, skipped=fault.unavailable())
    if row.skipped:
        _say(row)
    misses = 0
    while not row.skipped and row.tried < times and misses < _MISSES:
        tried = row.tried
        with (
            TemporaryDirectory(prefix="faults-") as folder,
            fault.place(ground.site(Path(folder) / "files")) as site,
        ):
            strike(site, fault, row, choice, min(times - row.tried, choice.randint(1, 3)))
            _finish(site, fault, row, finish)
            compare(site, row, ground.expected)
        _say(row)
        misses += row.tried == tried
    return row


def strike(site: Site, fault: Fault, row: Row, choice: random.Random, times: int) -> None:
    """Lets a fault loose on a lab some times, and counts what it did."""
    for _ in range(times):
        before, begun_before = stored(site.lab), begun(site.lab)
        if len(before) == RUNS:
            return
        struck = fault.inject(site, choice)
        if struck is None:
            return
        row.tried += 1
        row.ended[struck.ended.said] += 1
        missing = len(struck.kept - left(site.lab)[0])
        if fault.destroys:
            row.again += missing
            continue
        row.lost += missing
        again = begun(site.lab) - begun_before
        told = sum(again[key] for key in before)
        row.twice += max(told, _twice(struck.ended, len(before)))


def _finish(site: Site, fault: Fault, row: Row, finish: Finish) -> None:
    """Finishes the study without the fault."""
    if fault.destroys:
        _repair(site, row)
    there = len(left(site.lab)[0])
    ended = finish(site)
    if ended.code != 0 and fault.destroys:
        row.ended["a copy of the lab was put back"] += 1
        shutil.rmtree(site.lab)
        shutil.copytree(site.lab.with_name(COPY), site.lab)
        there = len(left(site.lab)[0])
        ended = finish(site)
    if ended.code != 0:
        row.ended[f"not to be finished: {ended.said}"] += 1
    row.twice += _twice(ended, there)


def compare(site: Site, row: Row, expected: Mapping[str, StoredRun | str]) -> None:
    """Counts what is not there and what is wrong in a lab that should be finished."""
    try:
        found = runs_of(site.lab)
    except Exception as error:  # whatever a lab that was never mended raises
        row.ended[f"not to be read: {type(error).__name__}"] += 1
        found = {}
    row.lost += len(expected.keys() - found.keys())
    row.wrong += len(differing(found, expected))


def _repair(site: Site, row: Row) -> None:
    code, _, err = wait_for(start("check", "--repair", "--lab", site.lab, **site.environment))
    if "Traceback" in err:
        row.ended[f"check --repair: {Ended(code, '', err).said}"] += 1


def _twice(ended: Ended, there: int) -> int:
    """Runs that a command trained beyond those that the lab did not hold when it began."""
    counts = ended.counts
    return max(0, counts["trained"] - (counts["total"] - there)) if counts else 0


def main() -> None:
    """Tries what is asked for, prints a line for each fault, and writes the page."""
    options = _options()
    chosen = [fault for fault in FAULTS if not options.only or fault.name in options.only]
    finish = inside if options.inside else by_command
    _say(f"seed {options.seed}")
    with TemporaryDirectory(prefix="faults-") as folder:
        ground = make_ground(Path(folder))
        _say(f"undisturbed: {ground.seconds:.1f} s")
        rows = []
        for fault in chosen:
            choice = random.Random(f"{options.seed} {fault.name}")
            rows.append(try_fault(ground, fault, options.times or fault.times, choice, finish))
            if options.record:
                options.record.write_text(page(rows), encoding="utf-8")
    sys.exit(any(row.bad for row in rows))


def _say(what: object) -> None:
    print(what, flush=True)  # noqa: T201 - a program's output


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, help="how often; default: as each fault says")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", action="append", choices=names, help="may be repeated")
    parser.add_argument("--inside", action="store_true", help="finish within this process")
    parser.add_argument("--record", type=Path, help="the page to write")
    return parser.parse_args()


if __name__ == "__main__":
    main()
