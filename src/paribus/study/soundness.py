"""What a stored run or registration must be besides whole: one that its key and digest stand for.

These are what the store cannot know: how keys are made, and what weights are.
"""

import math
from collections.abc import Mapping
from typing import Any

from paribus.errors import DamagedLabError
from paribus.spec import digest
from paribus.store.arrays import decode_weights
from paribus.store.integrity import Demands
from paribus.store.records import Registration, StoredRun
from paribus.study.catching_up import WEIGHTS
from paribus.study.plan import keys_of
from paribus.training.recipe import NUMERICS


def fault_of_run(run: StoredRun) -> str:
    """What is wrong with a run as a whole; "" where its key and its weights are its own."""
    made_by = _made_by(run)
    if [run.key] != keys_of(run.recipe, [run.replicate], run.fingerprint, made_by):
        return "its key is not that of its recipe, replicate and data"
    if "numerics" not in made_by:  # of a trainer that keeps no weights here
        return ""
    if WEIGHTS not in run.artifacts:
        return "it has no weights"
    try:
        weights = decode_weights(run.artifacts[WEIGHTS])
    except DamagedLabError as error:
        return f"its weights cannot be read: {error}"
    stored = sum(math.prod(array.shape) for array in weights.values())
    if stored != run.parameters:
        return f"its weights are {stored} numbers, and its parameters {run.parameters}"
    return ""


def _made_by(run: StoredRun) -> Mapping[str, Any]:
    """What its key is made of besides recipe, data and replicate, as its provenance has it."""
    if "made_by" in run.provenance:
        return {"made_by": run.provenance["made_by"]}
    return {"numerics": run.provenance.get("numerics", NUMERICS)}


def fault_of_registration(registration: Registration) -> str:
    """What is wrong with a registration; "" where its digest is that of its content."""
    if digest(registration.content) != registration.digest:
        return "its digest is not that of its content"
    return ""


DEMANDS = Demands(fault_of_run, fault_of_registration)
