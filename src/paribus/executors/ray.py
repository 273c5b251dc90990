"""Slots as actors of a Ray cluster, on this machine or others.

Only calls of Ray Core that have been there for years: `init`, `remote`, `put`, `get`, `wait`,
`kill`. What a task says is fetched by asking again and again, each question waiting for an answer.
"""

import logging
import os
import socket
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

# Read when Ray is imported. Nothing is sent to anybody, and a call that comes too late, from a
# thread that was left behind, does not start a cluster.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")

import ray
from ray.exceptions import RayError, RayTaskError

from paribus.errors import ExecutorError
from paribus.executors.base import LostError
from paribus.executors.remote import RemoteSlot, Setup
from paribus.executors.slots import SlotExecutor
from paribus.executors.worker import Worker

_LOOK_SECONDS = 0.2
_REACH_SECONDS = 5.0
_CONCURRENT_CALLS = 4  # one that waits for what is said, one that cancels, and some to spare


class RaySlot(RemoteSlot):
    """An actor; a new one is asked for where it dies with its process or its node."""

    def __init__(
        self, number: int, setup: Setup, shared: Mapping[str, Any], resources: Mapping[str, float]
    ) -> None:
        super().__init__(number, setup, shared)
        self._resources = resources
        self._actor: Any = None

    def begin(self, opening: Mapping[str, Any], over: Event) -> dict[str, str] | None:
        with _telling_losses():
            remote: Any = ray.remote(Worker)
            self._actor = remote.options(
                max_concurrency=_CONCURRENT_CALLS, max_restarts=0, **self._resources
            ).remote()
            answer = self._actor.open.remote(opening)
            while not over.is_set():  # the cluster may be busy for long
                if ray.wait([answer], timeout=_LOOK_SECONDS)[0]:
                    return ray.get(answer)
        self.close()
        return None

    def share(self, name: str, value: Any) -> None:
        with _telling_losses():
            ray.get(self._actor.share.remote(name, value))

    def start(self, task: bytes, needs: Sequence[str]) -> None:
        with _telling_losses():
            ray.get(self._actor.start.remote(task, tuple(needs)))

    def said(self) -> Iterable[tuple[Any, ...]]:
        with _telling_losses():
            return map(tuple, ray.get(self._actor.said.remote()))

    def tell_cancelled(self) -> None:
        if (actor := self._actor) is not None:
            actor.cancel.remote()

    def close(self) -> None:
        actor, self._actor = self._actor, None
        if actor is not None:
            with suppress(RayError, ValueError):  # it is gone already
                ray.kill(actor)


@dataclass(frozen=True)
class Cluster:
    """A cluster that this process is connected to: what it has (CPU, GPU, memory in bytes).

    `ours` says that it was connected to here, so that it is let go of with its executor.
    """

    resources: Mapping[str, float]
    ours: bool


class RayExecutor(SlotExecutor):
    """Runs tasks on a Ray cluster, in workers that have these resources, as Ray calls them.

    It has as many slots as the cluster has room for, at most so many. What is shared travels once
    to each node.
    """

    def __init__(
        self,
        cluster: Cluster,
        setup: Setup,
        *,
        resources: Mapping[str, float],
        most: int | None = None,
    ) -> None:
        self._cluster = cluster
        self._shared: dict[str, Any] = {}
        room = _room(cluster.resources, resources)
        count = room if most is None else min(room, most)
        super().__init__(
            [RaySlot(number, setup, self._shared, resources) for number in range(count)]
        )

    def share(self, name: str, value: Any) -> None:
        self._shared[name] = ray.put(value)

    def close(self) -> None:
        super().close()
        self._shared.clear()
        if self._cluster.ours:
            ray.shutdown()


def cluster(address: str | None = None, cores: int | None = None) -> Cluster:
    """The cluster at an address, else the one that `ray start` started on this machine.

    Where there is none, one of so many cores is started, which ends with this process. Raises
    `ExecutorError` where nothing answers at the address, or a cluster of another version.
    """
    if ray.is_initialized():
        return Cluster(ray.cluster_resources(), ours=False)
    # Of a worker's log files, nothing belongs on the terminal of whoever runs a study.
    settings: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    found = find(address)
    try:
        with warnings.catch_warnings():
            # Its services are started by forking, and each then runs a program of its own at once.
            warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
            if found is not None:
                ray.init(found, **settings)
            elif _one_runs_here():
                ray.init(**settings)  # which knows where, and with which token
            else:
                ray.init("local", num_cpus=cores, include_dashboard=False, **settings)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        token = " (if it wants a token, RAY_AUTH_MODE=token sends the one of this machine)"
        raise _nowhere(found, f"{error}{token if found else ''}") from None
    return Cluster(ray.cluster_resources(), ours=True)


def find(address: str | None) -> str | None:
    """The address of a cluster that was given, or that the variable RAY_ADDRESS gives.

    Raises `ExecutorError` where nothing listens there.
    """
    if address is not None:
        _reach(address)
        return address
    told = os.environ.get("RAY_ADDRESS", "")
    if told in ("", "auto", "local"):
        return None
    _reach(told, "RAY_ADDRESS=")
    return told


def _one_runs_here() -> bool:
    """Whether `ray start` has started a cluster on this machine, which has not gone since.

    Ray's own search ("auto") would also find a cluster that another program started for itself,
    and would wait minutes for one that is gone.
    """
    if os.environ.get("RAY_ADDRESS") == "local":
        return False
    try:
        _reach(_left_by_ray_start().read_text().strip())
    except (OSError, ExecutorError):
        return False
    return True


def _left_by_ray_start() -> Path:
    """The file that `ray start` writes and `ray.init()` reads, by the documentation of Ray."""
    places = ("RAY_TMPDIR", "TMPDIR") if sys.platform == "linux" else ("RAY_TMPDIR",)
    folder = next((os.environ[place] for place in places if place in os.environ), "/tmp")
    return Path(folder, "ray", "ray_current_cluster")


def _reach(address: str, whence: str = "") -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal() or int(port) not in range(1, 1 << 16):
        raise _nowhere(whence + address, "it should be HOST:PORT, such as 10.0.0.5:6379")
    try:
        socket.create_connection((host, int(port)), timeout=_REACH_SECONDS).close()
    except OSError as error:
        raise _nowhere(whence + address, error) from None


def _nowhere(address: str | None, why: object) -> ExecutorError:
    what = "can be started here" if address is None else f"answers at {address}"
    return ExecutorError(
        f"no Ray cluster {what}: {why}. Start one with `ray start --head`, give its "
        "--address HOST:PORT, or leave out --on ray"
    )


def _room(there: Mapping[str, float], wanted: Mapping[str, float]) -> int:
    """How many workers of these resources a cluster has room for, at least one."""
    names = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
    room = [there.get(names[name], 0) // amount for name, amount in wanted.items() if amount]
    return max(1, int(min(room, default=1)))


@contextmanager
def _telling_losses() -> Iterator[None]:
    try:
        yield
    except RayTaskError as error:  # of our own code there, which is none of a task's
        raise ExecutorError(f"a Ray worker cannot be used: {error}") from None
    except RayError as error:
        raise LostError(f"a Ray worker is lost: {str(error).splitlines()[0]}") from None
