"""Tasks that can be sent to another process, and homes for them."""

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Home:
    """The home of a slot: it knows its slot and its process, and whether it is in use."""

    def __init__(self, slot):
        self.slot = slot
        self.process = os.getpid()
        self.running = 0
        self.most = 0


@dataclass(frozen=True)
class Square:
    """Tells its number and gives the square of it."""

    number: int

    def __call__(self, place):
        place.tell(self.number)
        return self.number**2


@dataclass(frozen=True)
class Alone:
    """The most tasks that its home has seen at once."""

    def __call__(self, place):
        home = place.home
        home.running += 1
        home.most = max(home.most, home.running)
        home.running -= 1
        return place.slot, home.slot, home.most


@dataclass(frozen=True)
class Shared:
    """The sum of a shared array, with its address: where it is one, it came once."""

    name: str

    def __call__(self, place):
        return float(place.shared[self.name].sum()), os.getpid(), id(place.shared[self.name])


@dataclass(frozen=True)
class Failing:
    """Raises the error."""

    error: Exception

    def __call__(self, place):
        raise self.error


class UnsendableError(Exception):
    """An error that cannot be made again from its arguments."""

    def __init__(self, steps: int, lock: Any) -> None:
        super().__init__(f"after {steps} steps")
        self.lock = lock


def raise_unsendable(place):
    raise UnsendableError(3, threading.Lock())


def give_unsendable(place):
    return threading.Lock()


@dataclass(frozen=True)
class Dying:
    """Kills its process: the first time only, where it has a file to leave a mark in."""

    mark: Path | None = None

    def __call__(self, place):
        if self.mark is not None and self.mark.exists():
            return "alive"
        if self.mark is not None:
            self.mark.touch()
        place.tell("dying")
        return os.kill(os.getpid(), signal.SIGKILL)


def until_cancelled(place):
    """Ends when it sees that it is cancelled."""
    place.tell(os.getpid())
    while not place.cancelled():
        time.sleep(0.01)
    return "cancelled"


def process_of(place):
    return os.getpid()


def environment_of(place):
    return os.environ.get("PARIBUS_TEST_SETTING")
