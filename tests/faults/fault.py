"""What a fault is, and the plainest way to let one loose: at some moment, on a command."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from faults.command import Command, Ended, Moment, Site
from faults.labs import stored


@dataclass(frozen=True)
class Struck:
    """A fault that struck: how the command ended, and which runs were stored just before."""

    ended: Ended
    kept: set[str]


Inject = Callable[[Site, random.Random], Struck | None]
"""Runs a command and lets the fault loose on it; None where the command was done before."""


def _everywhere() -> str:
    return ""


Place = Callable[[Site], AbstractContextManager[Site]]
"""Makes what a site needs beside its files, and takes it away afterwards."""


@dataclass(frozen=True)
class Fault:
    """One row of the campaign.

    `told` says what is done, `times` how often in the whole campaign. `unavailable` says why it
    cannot be done here. `place` makes what the fault needs around a site. What is
    stored may be missing after a fault that `destroys` it, until it has been trained again.
    `brief` ones are tried in the bounded campaign too.
    """

    name: str
    told: str
    times: int
    inject: Inject
    unavailable: Callable[[], str] = _everywhere
    place: Place = nullcontext
    destroys: bool = False
    brief: bool = False


def at(
    site: Site,
    moment: Moment,
    strike: Callable[[Command], None],
    **environment: str,
) -> Struck | None:
    """Runs a command and strikes it at this moment."""
    with site.begin(**environment) as command:
        if not command.reaches(moment):
            command.ended()
            return None
        kept = stored(site.lab)
        strike(command)
        return Struck(command.ended(), kept)
