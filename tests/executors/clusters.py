"""A Ray cluster for tests: one of this machine for the whole session."""

import pytest

from paribus.executors import Setup

ray = pytest.importorskip("ray", reason="Ray is not installed")


def on_ray(home):
    """An executor with two workers; the cluster is started by the first test that needs it."""
    from paribus.executors.ray import RayExecutor, cluster  # noqa: PLC0415 - Ray is optional

    cluster(cores=2)
    return RayExecutor(cluster(), Setup(home), resources={"num_cpus": 1}, most=2)
