"""Faults of what surrounds a command: disk, limits, locks, the clock, the reader of its output."""

import os
import random
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psutil

from faults.command import Command, Site
from faults.fault import Fault, Struck, at
from paribus.store.catalogue import FILE

DISK = "24m"
FILLER = "filler"
DAY = 86_400
_LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")


def _no_mounting() -> str:
    if os.geteuid() != 0 or not shutil.which("mount"):
        return "a file system of a few megabytes can be mounted by root alone"
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    done = subprocess.run(probe, capture_output=True, check=False)
    return "" if done.returncode == 0 else "mounting is not allowed here"


@contextmanager
def _small_disk(site: Site) -> Iterator[Site]:
    site.lab.mkdir()
    words = ["-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", site.lab]
    subprocess.run(["mount", *words], check=True)
    try:
        yield site
    finally:
        subprocess.run(["umount", "--lazy", site.lab], check=True)


def _disk_full(site: Site, choice: random.Random) -> Struck | None:
    filler = site.lab / FILLER

    def strike(command: Command) -> None:
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:  # full
                return

    struck = at(site, site.moment_of_training(choice), strike)
    filler.unlink(missing_ok=True)
    return struck


def _file_limit(site: Site, choice: random.Random) -> Struck | None:
    room = choice.randrange(1, 20_000)

    def strike(command: Command) -> None:
        size = max(path.stat().st_size for path in site.lab.glob(f"{FILE}*"))
        _limit(command, resource.RLIMIT_FSIZE, size + room)

    return at(site, site.moment_of_training(choice), strike)


def _memory_limit(site: Site, choice: random.Random) -> Struck | None:
    room = choice.randrange(16 << 20)

    def strike(command: Command) -> None:
        taken = psutil.Process(command.child.pid).memory_info().vms
        _limit(command, resource.RLIMIT_AS, taken + room)

    return at(site, site.moment(choice), strike)


def _limit(command: Command, kind: int, most: int) -> None:
    _, hardest = resource.prlimit(command.child.pid, kind)
    resource.prlimit(command.child.pid, kind, (most, hardest))


def _locked(seconds: float, site: Site, choice: random.Random) -> Struck | None:
    def strike(command: Command) -> None:
        other = sqlite3.connect(site.lab / FILE, timeout=60, isolation_level=None)
        with closing(other):
            other.execute("BEGIN EXCLUSIVE")
            begun = time.monotonic()
            command.goes_on_until(lambda: time.monotonic() - begun >= seconds)
            other.execute("ROLLBACK")

    return at(site, site.moment_of_training(choice), strike)


def _root() -> str:
    return "root may write whatever the mode says" if os.geteuid() == 0 else ""


def _closed_folder(site: Site, choice: random.Random) -> Struck | None:
    struck = at(site, site.moment(choice), lambda command: site.lab.chmod(0o500))
    site.lab.chmod(0o700)
    return struck


def _faketime() -> Path | None:
    found = [path for place in _LIBRARIES for path in Path("/").glob(place.removeprefix("/"))]
    return found[0] if found else None


def _no_faketime() -> str:
    return "" if _faketime() else "libfaketime is not installed"


def _clock(seconds: int, site: Site, choice: random.Random) -> Struck | None:
    clock = site.study.with_name("clock")
    clock.write_text("+0")
    environment = {
        "LD_PRELOAD": str(_faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",  # seconds; by default it looks every ten
        # Nobody can step a machine's monotonic clock.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }

    def strike(command: Command) -> None:
        draft = clock.with_suffix(".new")
        draft.write_text(f"{seconds:+d}")
        draft.replace(clock)

    return at(site, site.moment_of_training(choice), strike, **environment)


def _reader_gone(site: Site, choice: random.Random) -> Struck | None:
    return at(site, site.moment(choice), lambda command: command.child.stdout.close())


def _readers_gone(site: Site, choice: random.Random) -> Struck | None:
    def strike(command: Command) -> None:
        command.child.stdout.close()
        command.child.stderr.close()

    return at(site, site.moment(choice), strike)


SURROUNDINGS = (
    Fault(
        "disk full",
        "the lab's own file system of 24 MB is filled to the last byte",
        6,
        _disk_full,
        unavailable=_no_mounting,
        place=_small_disk,
        brief=True,
    ),
    Fault("file limit", "no file may grow by more than some kB (RLIMIT_FSIZE)", 6, _file_limit),
    Fault("memory limit", "at most 16 MB more memory (RLIMIT_AS)", 10, _memory_limit, brief=True),
    Fault(
        "locked for 5 s", "BEGIN EXCLUSIVE by another program", 4, partial(_locked, 5), brief=True
    ),
    Fault(
        "locked for 40 s",
        "the same, longer than a command waits for a lock",
        2,
        partial(_locked, 40),
    ),
    Fault(
        "folder closed",
        "the lab's folder loses its write permission",
        4,
        _closed_folder,
        unavailable=_root,
    ),
    Fault(
        "clock set back",
        "the wall clock steps back by a day",
        4,
        partial(_clock, -DAY),
        unavailable=_no_faketime,
        brief=True,
    ),
    Fault(
        "clock set forward",
        "the wall clock steps forward by a day",
        4,
        partial(_clock, DAY),
        unavailable=_no_faketime,
    ),
    Fault("stdout closed", "what reads the command's stdout goes away", 4, _reader_gone),
    Fault("all output closed", "and what reads its stderr too", 4, _readers_gone, brief=True),
)
