import pytest

from paribus.data import Digits, Function
from paribus.models import MLP
from paribus.probes import AtEnd, Outputs


@pytest.mark.parametrize(("shape", "outputs"), [((8, 8), 1), ((1,), 10), ((2,), 1)])
def test_what_is_no_curve_is_refused(shape, outputs):
    (fault,) = Outputs().faults(MLP(), shape, outputs)
    assert f"from one number to one; got examples of shape {shape}" in str(fault)
    assert f"and {outputs} outputs; use it with data.Function" in str(fault)


def test_functions_of_one_variable_are_curves():
    facts = Function(name="sinc").facts()
    assert Outputs().faults(MLP(), facts.shape, facts.outputs) == []
    facts = Digits().facts()
    assert Outputs().faults(MLP(), facts.shape, facts.outputs)


def test_it_is_measured_at_the_end_unless_asked_otherwise():
    assert Outputs().when == AtEnd()
