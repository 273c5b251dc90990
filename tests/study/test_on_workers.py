"""A whole study on worker processes and on Ray: the same bits, whatever dies on the way."""

import os
import signal
import warnings
from typing import Literal

import jax.numpy as jnp
import psutil
import pytest
from threadpoolctl import threadpool_info

from paribus import Factor
from paribus.data.base import Source
from paribus.errors import DeclarationError, ExecutorError
from paribus.probes.base import Probe
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.study.watch import Silent
from paribus.training.platform import usable_cores
from study.bits import bits
from study.example_study import tiny_recipe, tiny_study

RATES = Factor("optimizer.learning_rate", [0.01, 0.03, 0.1, 0.3])


def planned(**fields):
    return make_plan(tiny_study(**({"factors": [RATES], "replicates": 3} | fields)).at(), Source())


class Striking(Silent):
    """Kills something once so many runs are stored."""

    def __init__(self, after, strike):
        self.after, self.strike, self.done, self.started = after, strike, 0, []

    def run_started(self, run, where, epoch=0):
        self.started.append((run.key, where, epoch))

    def run_done(self, run, status):
        self.done += 1
        if self.done == self.after:
            self.strike(self)


class LosingANode(Silent):
    """Kills the first of these nodes on which a run has started."""

    def __init__(self, cluster, nodes):
        self.cluster, self.left, self.lost, self.started = cluster, list(nodes), None, []

    def run_started(self, run, where, epoch=0):
        self.started.append((run.key, where, epoch))
        if self.lost is not None:
            return
        parents = {parent.pid for parent in psutil.Process(process_of(where)).parents()}
        for node in self.left:
            if node.all_processes["raylet"][0].process.pid in parents:
                self.lost = run.key
                self.left.remove(node)
                self.cluster.remove_node(node, allow_graceful=False)
                return


def process_of(where):
    return int(where.split("process ")[1].split(",")[0])


def kill_a_worker(watch):
    """Kills the process of the run that started last."""
    process = process_of(watch.started[-1][1])
    os.kill(process, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(process)] if psutil.pid_exists(process) else [], 60)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    lab = tmp_path_factory.mktemp("local")
    run_plan(planned(), RunOptions(lab=lab))
    return bits(lab)


@pytest.mark.parametrize("on", ["inline", "processes"])
def test_the_same_bits_as_on_threads(on, local, tmp_path):
    outcome = run_plan(planned(), RunOptions(lab=tmp_path, on=on))
    assert (outcome.trained, outcome.failures) == (12, {})
    assert bits(tmp_path) == local


def test_a_worker_that_is_killed_costs_no_run(local, tmp_path):
    watch = Striking(3, kill_a_worker)
    options = RunOptions(lab=tmp_path, on="processes", cores=2, watch=watch)
    outcome = run_plan(planned(), options)
    assert (outcome.trained, outcome.failures) == (12, {})
    assert bits(tmp_path) == local


def threads_of_blas():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


class Threads(Probe):
    """How many threads BLAS has where a run is measured."""

    QUANTITIES = {"probe/threads": ()}  # noqa: RUF012 - as in its base

    kind: Literal["threads"] = "threads"

    def measure(self, snapshot):
        return {"probe/threads": jnp.array(max(threads_of_blas()))}


@pytest.mark.skipif(usable_cores() == 1, reason="wants several cores")
@pytest.mark.parametrize("on", ["threads", "inline", "processes", "ray"])
def test_a_run_has_one_thread_of_blas(on, tmp_path):
    if on == "ray":
        pytest.importorskip("ray", reason="Ray is not installed")
    before = threads_of_blas()
    assert before != {1}
    plan = planned(factors=[], replicates=1, probes=(Threads(),))
    run_plan(plan, RunOptions(lab=tmp_path, on=on))
    with Catalogue.open(tmp_path, create=False) as catalogue:
        found = catalogue.run(plan.runs[0].key).measurements
    (threads,) = (one.values for one in found if one.name == "probe/threads")
    assert set(threads.ravel()) == {1}
    assert threads_of_blas() == before


class Deadly(Probe):
    """Kills the process that trains."""

    QUANTITIES = {"probe/nothing": ("layer",)}  # noqa: RUF012 - as in its base

    kind: Literal["deadly"] = "deadly"

    def measure(self, snapshot):
        os.kill(os.getpid(), signal.SIGKILL)
        return {"probe/nothing": jnp.zeros(2)}


def test_a_run_that_kills_its_worker_each_time_fails_alone(tmp_path):
    plan = planned(factors=[], replicates=1, probes=(Deadly(),))
    outcome = run_plan(plan, RunOptions(lab=tmp_path, on="processes", cores=1))
    (message,) = outcome.failures.values()
    assert "LostError: worker process" in message
    assert "was killed by SIGKILL" in message


def test_an_interrupted_study_goes_on_from_its_checkpoints(tmp_path):
    def interrupt(watch):
        raise KeyboardInterrupt

    # Runs that take a moment: when one is stored, others are in training.
    plan = planned(recipe=tiny_recipe(epochs=100))
    for after in (2, 4):
        watch = Striking(after, interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_plan(plan, RunOptions(lab=tmp_path / "struck", on="processes", watch=watch))
    run_plan(plan, RunOptions(lab=tmp_path / "struck", on="processes"))
    run_plan(plan, RunOptions(lab=tmp_path / "local"))
    assert bits(tmp_path / "struck") == bits(tmp_path / "local")


def test_probes_catch_up_in_workers(tmp_path):
    from paribus.probes import GradientNorm, WeightNorm  # noqa: PLC0415 - beside their use

    probes = (WeightNorm(), GradientNorm())
    run_plan(planned(), RunOptions(lab=tmp_path / "late"))
    outcome = run_plan(planned(probes=probes), RunOptions(lab=tmp_path / "late", on="processes"))
    assert (outcome.trained, outcome.probed) == (0, 12)
    run_plan(planned(probes=probes), RunOptions(lab=tmp_path / "at once"))
    assert bits(tmp_path / "late") == bits(tmp_path / "at once")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on": "rey"}, "on: got 'rey'; allowed are threads, processes, ray, inline"),
        ({"address": "10.0.0.5:6379"}, "address: got '10.0.0.5:6379' with on='threads'"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(DeclarationError, match=message):
        RunOptions(**options)


class TestOnRay:
    @pytest.fixture
    def cluster(self):
        """A node for the driver, to which others are added: process trees with their own ports."""
        pytest.importorskip("ray", reason="Ray is not installed")
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - Ray is optional

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
            made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
            yield made
            made.shutdown()

    def test_a_node_that_is_killed_costs_no_run(self, cluster, tmp_path):
        # Runs of seconds: the node is lost in the middle of one.
        plan = planned(recipe=tiny_recipe(epochs=1000), replicates=1)
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        cluster.wait_for_nodes()
        watch = LosingANode(cluster, nodes)
        options = RunOptions(lab=tmp_path / "ray", on="ray", address=cluster.address, watch=watch)
        outcome = run_plan(plan, options)
        assert (outcome.trained, outcome.failures) == (4, {})
        first, second = (where for key, where, _ in watch.started if key == watch.lost)
        assert first != second
        run_plan(plan, RunOptions(lab=tmp_path / "local"))
        assert bits(tmp_path / "ray") == bits(tmp_path / "local")
        for node in watch.left:
            cluster.remove_node(node)

    @pytest.mark.parametrize(
        ("address", "why"),
        [
            ("127.0.0.1:1", "Connection refused"),
            ("nonsense", "it should be HOST:PORT"),
            ("127.0.0.1:port", "it should be HOST:PORT"),
        ],
    )
    def test_no_cluster_is_one_message(self, address, why, tmp_path):
        pytest.importorskip("ray", reason="Ray is not installed")
        options = RunOptions(lab=tmp_path, on="ray", address=address)
        with pytest.raises(ExecutorError, match=f"no Ray cluster answers at {address}: .*{why}"):
            run_plan(planned(), options)
