"""Faults that are signals: kill, terminate, Ctrl-C, stop and go on."""

import random
import signal
import time

from faults.command import Command, Site
from faults.fault import Fault, Struck, at

STOPPED_SECONDS = 2.0


def _signal(number: signal.Signals, site: Site, choice: random.Random) -> Struck | None:
    return at(site, site.moment(choice), lambda command: command.tell(number))


def _killed(site: Site, choice: random.Random) -> Struck | None:
    return _signal(signal.SIGKILL, site, choice)


def _terminated(site: Site, choice: random.Random) -> Struck | None:
    return _signal(signal.SIGTERM, site, choice)


def _interrupted(site: Site, choice: random.Random) -> Struck | None:
    return _signal(signal.SIGINT, site, choice)


def _interrupted_twice(site: Site, choice: random.Random) -> Struck | None:
    pause = choice.uniform(0, 0.3)

    def strike(command: Command) -> None:
        command.tell(signal.SIGINT)
        time.sleep(pause)
        command.tell(signal.SIGINT)

    return at(site, site.moment(choice), strike)


def _stopped(site: Site, choice: random.Random) -> Struck | None:
    def strike(command: Command) -> None:
        command.tell(signal.SIGSTOP)
        time.sleep(STOPPED_SECONDS)
        command.tell(signal.SIGCONT)

    return at(site, site.moment(choice), strike)


SIGNALS = (
    Fault("killed", "SIGKILL to the process", 100, _killed, brief=True),
    Fault("terminated", "SIGTERM to the process", 10, _terminated),
    Fault("Ctrl-C", "SIGINT to the process", 10, _interrupted),
    Fault("Ctrl-C twice", "SIGINT, and again within 0.3 s", 10, _interrupted_twice),
    Fault("stopped", f"SIGSTOP, and SIGCONT after {STOPPED_SECONDS:.0f} s", 5, _stopped),
)
