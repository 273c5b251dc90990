"""A lab of the test's own, studies run in it, and what it then says of their claims."""

import pytest

from paribus.data.base import Source
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan


@pytest.fixture
def lab(tmp_path):
    return tmp_path / "lab"


@pytest.fixture
def train(lab):
    """Runs a study in the test's lab, at some number of replicates."""

    def run(study, replicates=None, into=None, **options):
        plan = make_plan(study.at(replicates=replicates), Source())
        return run_plan(plan, RunOptions(lab=into or lab, cores=1, **options))

    return run


@pytest.fixture
def told(lab):
    """What a lab says of the study `tiny`: its claims' flags, and what they rest on."""

    def read():
        with Catalogue.open(lab, create=False) as catalogue:
            document = catalogue.study("tiny", "full").document
        return [claim["registered"] for claim in document["claims"]], document["registration"]

    return read


@pytest.fixture
def registered(lab):
    """The registrations of the study `tiny` in the lab."""

    def read():
        with Catalogue.open(lab, create=False) as catalogue:
            return catalogue.registrations("tiny", "full")

    return read


@pytest.fixture
def train_study(lab):
    """Runs a study, or a plan of it, in the test's lab, by default in this thread."""

    def run(study=None, plan=None, **options):
        chosen = {"on": "inline", "cores": 1} | options
        return run_plan(plan or make_plan(study.at(), Source()), RunOptions(lab=lab, **chosen))

    return run
