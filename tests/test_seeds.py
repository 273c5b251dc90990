"""Random streams: named, independent, and the same for ever."""

import numpy as np
import pytest
from scipy import stats

from paribus import seeds

KEY = seeds.stream_key(3, "order", 7)
COUNT = 100_000


def test_a_stream_is_what_it_always_was():
    assert KEY == 266679741152485433550488682838667393704
    assert seeds.bits(KEY, 3).tolist() == [
        2152358665151227808,
        16296049477366397680,
        10543637867272974159,
    ]
    assert [number.hex() for number in seeds.uniform(KEY, (3,)).tolist()] == [
        "0x1.ddeb6cd6192a4p-4",
        "0x1.c44e6551a93a8p-1",
        "0x1.24a50d8e2e536p-1",
    ]
    np.testing.assert_allclose(
        seeds.normal(KEY, (4,)),
        [-1.1917502352636102, 1.1922103519527036, 0.1803771498946043, 0.0031001857932321983],
        rtol=1e-14,  # SciPy's inverse of the normal distribution may change in its last bit
    )
    assert seeds.permutation(KEY, 10).tolist() == [9, 0, 4, 8, 6, 3, 2, 5, 1, 7]
    assert seeds.words(KEY).tolist() == [1637001120, 501135053]


def test_replicate_name_and_index_each_make_another_stream():
    keys = {
        seeds.stream_key(replicate, name, *index)
        for replicate in range(20)
        for name in ("order", "split", "dropout")
        for index in ((), (0,), (1,), (0, "weight"), (0, "bias"))
    }
    assert len(keys) == 20 * 3 * 5


def test_a_longer_draw_begins_with_the_shorter_one():
    assert np.array_equal(seeds.bits(KEY, 1000)[:10], seeds.bits(KEY, 10))
    assert np.array_equal(seeds.uniform(KEY, (20, 5))[:4], seeds.uniform(KEY, (4, 5)))


@pytest.mark.parametrize("shape", [(), (0,), (7,), (2, 3, 4)])
def test_a_draw_has_the_shape_asked_for(shape):
    assert seeds.uniform(KEY, shape).shape == shape
    assert seeds.normal(KEY, shape).shape == shape


def test_uniform_numbers_are_uniform():
    drawn = seeds.uniform(KEY, (COUNT,))
    assert 0 < drawn.min() < drawn.max() < 1
    counts = np.histogram(drawn, bins=100, range=(0, 1))[0]
    assert stats.chisquare(counts).pvalue > 0.001


def test_normal_numbers_are_normal():
    drawn = seeds.normal(KEY, (COUNT,))
    assert np.isfinite(drawn).all()
    assert stats.kstest(drawn, "norm").pvalue > 0.001
    assert drawn.mean() == pytest.approx(0, abs=4 / COUNT**0.5)
    assert drawn.std() == pytest.approx(1, abs=4 / (2 * COUNT) ** 0.5)


def test_two_streams_have_nothing_to_do_with_each_other():
    streams = [seeds.normal(seeds.stream_key(r, "order"), (COUNT,)) for r in range(4)]
    correlations = np.corrcoef(streams)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 4.5 / COUNT**0.5


def test_a_permutation_has_everything_once_and_every_place_is_equally_likely():
    orders = np.array(
        [seeds.permutation(seeds.stream_key(0, "order", n), 6) for n in range(6_000)]
    )
    assert orders.dtype == np.int32
    assert (np.sort(orders, axis=1) == np.arange(6)).all()
    counts = [np.bincount(orders[:, place], minlength=6) for place in range(6)]
    assert stats.chisquare(np.ravel(counts)).pvalue > 0.001


def test_a_permutation_of_nothing_is_empty():
    assert seeds.permutation(KEY, 0).tolist() == []
