from typing import Literal

import pytest

from paribus.probes.base import Probe


def test_a_probe_that_does_not_say_what_it_gives_is_refused():
    with pytest.raises(TypeError, match="probe Silent lacks QUANTITIES: the arrays that it gives"):

        class Silent(Probe):
            kind: Literal["silent"] = "silent"

            def measure(self, snapshot):
                return {}
