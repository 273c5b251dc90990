import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from paribus.statistics.multiplicity import holm


@pytest.mark.parametrize("count", [1, 2, 5, 40])
@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_statsmodels(count, seed):
    ps = np.random.default_rng([seed, count]).beta(0.3, 1, count)
    ps[count // 2] = ps[0]
    oracle = multipletests(ps, method="holm")[1]
    assert holm(ps.tolist()) == pytest.approx(oracle.tolist(), rel=1e-12)


def test_no_test_needs_no_correction():
    assert holm([]) == []


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1])
def test_what_is_no_p_value_is_refused(bad):
    with pytest.raises(ValueError, match=rf"lie between 0 and 1; got {bad}"):
        holm([0.1, bad, 0.2])
