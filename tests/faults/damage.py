"""Faults of files: torn and bit-flipped while no command runs."""

import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from faults.command import Moment, Site
from faults.fault import Fault, Struck, at
from faults.labs import left, stored
from faults.study import images
from paribus.store.catalogue import FILE

WAL = f"{FILE}-wal"
COPY = "copy"
"""Beside the lab: its files before the damage."""

Damage = Callable[[Path, random.Random], None]


def tear(path: Path, choice: random.Random) -> None:
    """Cuts a file off at a random byte."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(choice.randrange(size))


def flip(path: Path, choice: random.Random) -> None:
    """Flips one to eight bits of a file."""
    content = bytearray(path.read_bytes())
    for _ in range(choice.randint(1, 8)):
        content[choice.randrange(len(content))] ^= 1 << choice.randrange(8)
    path.write_bytes(content)


def _killed_while_training(site: Site, moment: Moment) -> bool:
    """A lab as a kill leaves it; False where the command was done before."""
    return at(site, moment, lambda command: command.tell(signal.SIGKILL)) is not None


def _then(site: Site, kept: set[str]) -> Struck:
    """The command once more, on what is damaged now."""
    return Struck(site.begin().ended(), kept)


def _store(damage: Damage, site: Site, choice: random.Random) -> Struck | None:
    if not _killed_while_training(site, site.moment_of_training(choice)):
        return None
    with closing(sqlite3.connect(site.lab / FILE)) as connection:  # all of it in one file
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return _damaged(site, choice, site.lab / FILE, damage)


def _log(damage: Damage, site: Site, choice: random.Random) -> Struck | None:
    if not _killed_while_training(site, site.moment_of_training(choice)):
        return None
    if not (site.lab / WAL).stat().st_size:  # all of it has just gone into the store
        return None
    return _damaged(site, choice, site.lab / WAL, damage)


def _damaged(site: Site, choice: random.Random, path: Path, damage: Damage) -> Struck:
    kept, _ = left(site.lab)
    copy = site.lab.with_name(COPY)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(site.lab, copy)
    damage(path, choice)
    return _then(site, kept)


def _checkpoints(site: Site, choice: random.Random) -> Struck | None:
    command = site.begin()
    if not command.goes_on_until(lambda: bool(left(site.lab)[1])):
        command.ended()
        return None
    command.tell(signal.SIGKILL)
    command.ended()
    kept, _ = left(site.lab)
    with closing(sqlite3.connect(site.lab / FILE)) as connection, connection:
        rows = connection.execute("SELECT run_key, content FROM checkpoints").fetchall()
        for key, content in rows:
            other = bytearray(content)[: choice.choice((len(content), len(content) // 2))]
            other[choice.randrange(len(other))] ^= 1 << choice.randrange(8)
            words = "UPDATE checkpoints SET content = ? WHERE run_key = ?"
            connection.execute(words, (bytes(other), key))
    return _then(site, kept) if rows else None


def _compiled(damage: Damage, site: Site, choice: random.Random) -> Struck | None:
    for path in sorted(Path(site.environment["XDG_CACHE_HOME"]).rglob("*")):
        if path.is_file() and path.stat().st_size and "compiled" in path.parts:
            damage(path, choice)
    return _then(site, stored(site.lab))


def _image(damage: Damage, site: Site, choice: random.Random) -> Struck | None:
    path = choice.choice(images(site.study))
    content = path.read_bytes()
    damage(path, choice)
    try:
        return _then(site, stored(site.lab))
    finally:
        path.write_bytes(content)


DAMAGE = (
    Fault("store torn", "its file cut off", 5, partial(_store, tear), destroys=True),
    Fault(
        "store flipped", "bits of its file", 20, partial(_store, flip), destroys=True, brief=True
    ),
    Fault(
        "log torn", "SQLite's write-ahead log", 5, partial(_log, tear), destroys=True, brief=True
    ),
    Fault("log flipped", "bits of it", 10, partial(_log, flip), destroys=True),
    Fault("checkpoints damaged", "bits flipped, or cut in half", 5, _checkpoints, brief=True),
    Fault("programs torn", "all compiled programs in the cache", 4, partial(_compiled, tear)),
    Fault("programs flipped", "bits of each of them", 10, partial(_compiled, flip), brief=True),
    Fault(
        "image torn",
        "a file of the data, put back afterwards",
        4,
        partial(_image, tear),
        brief=True,
    ),
    Fault("image flipped", "bits of it, put back afterwards", 4, partial(_image, flip)),
)
