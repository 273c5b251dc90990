"""Faults of what a study is spread over: worker processes, nodes of a cluster, a database."""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

import psutil

from faults.command import Command, Site
from faults.fault import Fault, Struck, at
from store.server import PASSWORD, USER, Server, binaries, serving

WORKER = "paribus.executors.worker"


@contextmanager
def _on_processes(site: Site) -> Iterator[Site]:
    yield replace(site, options=("--on", "processes"))


def _worker_killed(site: Site, choice: random.Random) -> Struck | None:
    def strike(command: Command) -> None:
        # One that has just ended of itself cannot be killed: then the next one is.
        command.goes_on_until(lambda: _kills_one(command, choice))

    return at(site, site.moment_of_training(choice), strike)


def _kills_one(command: Command, choice: random.Random) -> bool:
    try:
        children = psutil.Process(command.child.pid).children(recursive=True)
        workers = [child for child in children if WORKER in " ".join(child.cmdline())]
        if workers:
            choice.choice(workers).send_signal(signal.SIGKILL)
        return bool(workers)
    except psutil.Error:
        return False


def _driver_killed(site: Site, choice: random.Random) -> Struck | None:
    return at(site, site.moment(choice), lambda command: command.tell(signal.SIGKILL))


@dataclass
class SharedDatabase:
    """A PostgreSQL server that lives as long as the site, to which a fault does something."""

    happens: Callable[[Server], None]
    server: Server | None = None

    @contextmanager
    def place(self, site: Site) -> Iterator[Site]:
        """The site with its lab in a database of the server's."""
        folder = site.study.parent
        environment = site.environment | {"PGUSER": USER, "PGPASSWORD": PASSWORD}
        # Reports of a database go into a folder beside the current one.
        with serving(binaries()) as self.server, chdir(folder):
            yield replace(site, lab=self.server.database(), environment=environment)

    def inject(self, site: Site, choice: random.Random) -> Struck | None:
        """Does it while the study is trained."""
        return at(site, site.moment_of_training(choice), lambda _: self.happens(self.server))


@dataclass
class RayNodes:
    """A Ray cluster of three nodes of this machine that lives as long as the site.

    One node has no cores: the command is connected to it. The others train.
    """

    cluster: Any = None
    nodes: list[Any] = field(default_factory=list)

    @contextmanager
    def place(self, site: Site) -> Iterator[Site]:
        """The site with commands that train on the cluster."""
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - Ray is optional

        self.cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
        )
        try:
            self.nodes = [self.cluster.add_node(num_cpus=1) for _ in range(2)]
            yield replace(site, options=("--on", "ray", "--address", self.cluster.address))
        finally:
            self.cluster.shutdown()

    def inject(self, site: Site, choice: random.Random) -> Struck | None:
        """Kills all processes of a node, and gives the cluster another one for the next time."""

        def strike(command: Command) -> None:
            node = self.nodes.pop(choice.randrange(len(self.nodes)))
            self.cluster.remove_node(node, allow_graceful=False)

        struck = at(site, site.moment_of_training(choice), strike)
        self.nodes.append(self.cluster.add_node(num_cpus=1))
        return struck


def _no_ray() -> str:
    return "" if find_spec("ray") else "Ray is not installed"


def _no_server() -> str:
    return "" if binaries() else "no PostgreSQL server is installed"


def _killed_and_restarted(server: Server) -> None:
    server.kill()
    server.start()


def _restarted(server: Server) -> None:
    server.stop()
    server.start()


_KILLED = SharedDatabase(_killed_and_restarted)
_RESTARTED = SharedDatabase(_restarted)
_NODES = RayNodes()

WORKERS = (
    Fault(
        "worker killed",
        "SIGKILL to a worker of `--on processes`",
        10,
        _worker_killed,
        place=_on_processes,
        brief=True,
    ),
    Fault(
        "driver of workers killed",
        "SIGKILL to the command with `--on processes`",
        10,
        _driver_killed,
        place=_on_processes,
    ),
    Fault(
        "node killed",
        "SIGKILL to all processes of one node of a Ray cluster of three",
        3,
        _NODES.inject,
        unavailable=_no_ray,
        place=_NODES.place,
    ),
)
DATABASE = (
    Fault(
        "database killed",
        "SIGKILL to the PostgreSQL server, started again at once",
        6,
        _KILLED.inject,
        unavailable=_no_server,
        place=_KILLED.place,
        brief=True,
    ),
    Fault(
        "database restarted",
        "in order, breaking connections off",
        4,
        _RESTARTED.inject,
        unavailable=_no_server,
        place=_RESTARTED.place,
    ),
)
