"""Two labs compared: run by run where keys are the same, and why where they are not."""

import math
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
import scipy.stats

from paribus.errors import LabError, NothingStoredError, UnknownNameError
from paribus.report.difference import condition_differences
from paribus.results.copies import compare_copies, weights_apart
from paribus.results.difference import furthest, study_difference
from paribus.results.tidy import tidy
from paribus.store.catalogue import FILE, Catalogue
from paribus.store.records import Measurement
from results.example_studies import (
    ACTIVATIONS,
    RECIPE,
    activation_runs,
    entry,
    provenance,
)

NAME = ("activations", "demo")


def weights(seed=0, **changed):
    random = np.random.default_rng(seed)
    arrays = {
        "1.weight": random.normal(size=(3, 2)).astype(np.float32),
        "1.bias": np.zeros(3, np.float32),
    }
    return safetensors.numpy.save(arrays | changed)


def flipped(content):
    """One bit of one weight, the lowest of the last number but one."""
    changed = bytearray(content)
    changed[-8] ^= 1
    return bytes(changed)


@pytest.fixture
def study():
    return entry([ACTIVATIONS], 2)


@pytest.fixture
def runs(study):
    """Eight runs with weights; bits of test examples beside them."""
    return [
        replace(run, artifacts={"weights.safetensors": weights(number), "correct": b"\x0f"})
        for number, run in enumerate(activation_runs(study))
    ]


@contextmanager
def lab(study, runs):
    with Catalogue.in_memory() as catalogue:
        catalogue.put_study(study)
        for run in runs:
            catalogue.add_run(run)
        yield catalogue


def changed(runs, number, **fields):
    """The runs, one of them with other fields."""
    return [replace(run, **fields) if n == number else run for n, run in enumerate(runs)]


def remeasured(run, name, change):
    """The measurements of a run, the values of one of them changed."""
    return tuple(
        replace(one, values=change(one.values.copy())) if one.name == name else one
        for one in run.measurements
    )


def differing(study, a, b, other=None):
    with lab(study, a) as one, lab(other or study, b) as two:
        return study_difference(one, two, *NAME)


def test_the_same_runs_are_the_same_bits(study, runs):
    found = differing(study, runs, runs)
    assert (found.both, found.identical, found.only_a, found.only_b) == (8, 8, 0, 0)
    assert (found.differing, found.keys, found.rekeyed, found.provenance) == ((), (), (), ())


def test_runs_of_one_lab_alone_are_counted_and_differ_in_nothing(study, runs):
    found = differing(study, runs[:5], runs[3:])
    assert (found.both, found.only_a, found.only_b, found.differing) == (2, 3, 3, ())
    assert not found.apart
    assert differing(study, runs[:4], runs[4:]).apart


def test_one_bit_of_one_weight_is_found_and_named(study, runs):
    kept = {"weights.safetensors": flipped(weights(5)), "correct": b"\x0f"}
    found = differing(study, runs, changed(runs, 5, artifacts=kept))
    (run,) = found.differing
    assert (found.identical, run.condition, run.replicate) == (7, {"activation": "relu"}, 1)
    assert run.copies.differs == ("weights",)
    one, other = (safetensors.numpy.load(content) for content in (weights(5), flipped(weights(5))))
    largest = max(abs(value) for array in one.values() for value in array.ravel().tolist())
    apart = max(
        abs(x - y)
        for name in one
        for x, y in zip(one[name].ravel().tolist(), other[name].ravel().tolist(), strict=True)
    )
    assert apart > 0
    assert run.copies.weights == apart / largest


def test_weights_are_set_against_the_largest_of_the_run():
    a = weights(**{"1.weight": np.array([[4.0, -8.0]], np.float32)})
    b = weights(**{"1.weight": np.array([[4.0, -7.0]], np.float32)})
    assert weights_apart(a, b) == 1 / 8
    assert weights_apart(b, a) == 1 / 8
    assert weights_apart(a, a) is None


@pytest.mark.parametrize(
    ("changed", "apart"),
    [
        ({"1.bias": np.array([0.0, 0.0, -0.0], np.float32)}, 0.0),
        ({"1.bias": np.array([0.0, 0.0, np.nan], np.float32)}, math.inf),
        ({"1.bias": np.array([0.0, 0.0, np.inf], np.float32)}, math.inf),
        ({"1.bias": np.zeros(4, np.float32)}, math.inf),
        ({"2.bias": np.zeros(3, np.float32)}, math.inf),
        ({"1.bias": np.zeros(3, np.float64)}, 0.0),
    ],
    ids=["sign-of-zero", "nan", "infinite", "shape", "name", "dtype"],
)
def test_weights_without_a_distance(changed, apart):
    assert weights_apart(weights(), weights(**changed)) == apart


def test_weights_that_are_no_number_in_both_are_the_same():
    a, b = (weights(**{"1.bias": np.array([value, np.nan])}) for value in (0.5, 0.25))
    assert weights_apart(a, a) is None
    largest = np.abs(safetensors.numpy.load(a)["1.weight"]).max()
    assert weights_apart(a, b) == 0.25 / max(float(largest), 0.5)


def test_weights_written_in_another_order_are_the_same_bits():
    arrays = safetensors.numpy.load(weights())
    noted = safetensors.numpy.save(arrays, {"format": "another"})
    assert noted != weights()
    assert weights_apart(noted, weights()) is None


def test_final_metrics_are_compared_at_the_last_epoch(study, runs):
    def early(values):
        values[3] += 0.5
        return values

    def late(values):
        values[-1] -= 0.25
        return values

    b = changed(runs, 0, measurements=remeasured(runs[0], "test/accuracy", early))
    b = changed(b, 6, measurements=remeasured(b[6], "test/accuracy", late))
    found = differing(study, runs, b)
    assert [run.copies.differs for run in found.differing] == [("test/accuracy",)] * 2
    finals = [run.copies.finals for run in found.differing]
    assert finals[0]["test/accuracy"] == 0
    assert finals[1]["test/accuracy"] == pytest.approx(0.25)
    assert all(finals[1][name] == 0 for name in finals[1] if name != "test/accuracy")
    (one,) = furthest(found.differing)
    assert (one.name, one.runs, one.run.condition) == ("test/accuracy", 2, {"activation": "gelu"})
    assert one.distance == finals[1]["test/accuracy"]


def test_other_measurements_are_compared_bit_by_bit_and_have_no_distance(study, runs):
    b = changed(
        runs, 2, measurements=remeasured(runs[2], "gradient/norm", lambda v: np.nextafter(v, 9))
    )
    (one,) = furthest(differing(study, runs, b).differing)
    assert (one.name, one.runs, one.distance) == ("gradient/norm", 1, None)


def test_epochs_that_differ_are_a_difference(study, runs):
    moved = tuple(
        replace(one, coords={"epoch": one.coords["epoch"] + 1}) if one.name == "test/loss" else one
        for one in runs[0].measurements
    )
    (run,) = differing(study, runs, changed(runs, 0, measurements=moved)).differing
    assert run.copies.differs == ("test/loss",)


def test_whole_weights_along_training_are_compared(study, runs):
    def course(last):
        values = np.array([[1.0, 2.0], [3.0, last]])
        return Measurement("weights/all", values, ("epoch", "weight"), probe="p")

    a = changed(runs, 1, measurements=(*runs[1].measurements, course(4.0)))
    b = changed(runs, 1, measurements=(*runs[1].measurements, course(5.0)))
    assert differing(study, a, a).differing == ()
    (run,) = differing(study, a, b).differing
    assert run.copies.differs == ("weights/all",)


def test_what_one_lab_alone_has_measured_is_named_and_is_no_difference(study, runs):
    more = Measurement("units/dead", np.array(3), (), probe="p")
    b = changed(runs, 4, measurements=(*runs[4].measurements, more))
    found = differing(study, runs, b)
    assert (found.differing, found.measured_a, found.measured_b) == ((), (), ("units/dead",))


def test_a_probe_of_another_version_is_another_measurement(study, runs):
    a, b = (
        changed(
            runs,
            4,
            measurements=(Measurement("units/dead", np.array(value), (), probe=probe),),
        )
        for value, probe in ((3, "p1"), (4, "p2"))
    )
    found = differing(study, a, b)
    assert found.differing == ()
    assert (found.measured_a, found.measured_b) == (("units/dead",), ("units/dead",))


def test_artifacts_of_one_lab_alone_are_no_difference(study, runs):
    bare = [replace(run, artifacts={}) for run in runs]
    assert differing(study, runs, bare).differing == ()
    assert differing(study, bare, runs).differing == ()


def test_test_examples_that_are_right_are_compared(study, runs):
    kept = runs[3].artifacts | {"correct": b"\x0e"}
    (run,) = differing(study, runs, changed(runs, 3, artifacts=kept)).differing
    assert run.copies.differs == ("correct",)


def test_a_run_that_diverged_in_one_lab_is_a_difference(study, runs):
    b = changed(runs, 7, status="diverged", diverged_epoch=3)
    (run,) = differing(study, runs, b).differing
    assert run.copies.differs == ("status",)
    assert (run.copies.status_a, run.copies.status_b) == ("finished", "diverged")
    earlier = changed(runs, 7, status="diverged", diverged_epoch=2)
    assert differing(study, b, earlier).differing[0].copies.differs == ("status",)


def test_times_are_not_compared_and_versions_are_told(study, runs):
    b = [
        replace(run, provenance=provenance(9, seconds={"train": 99.0}, jax="0.9.1", cores=2))
        for run in runs
    ]
    found = differing(study, runs, b)
    assert found.identical == 8
    assert [(fact.fact, fact.a, fact.b) for fact in found.provenance] == [
        ("JAX", ("0.9.0",), ("0.9.1",)),
        ("Cores", ("8",), ("2",)),
    ]


def test_a_damaged_run_names_its_lab(study, runs, tmp_path):
    with Catalogue.open(tmp_path / "two", create=True) as b:
        b.put_study(study)
        for run in runs:
            b.add_run(run)
        with closing(sqlite3.connect(tmp_path / "two" / FILE)) as connection:
            connection.execute("UPDATE artifacts SET crc32 = crc32 + 1 WHERE run_id = 4")
            connection.commit()
        told = r"lab .*two: artifact .* of run .* is damaged"
        with lab(study, runs) as a, pytest.raises(LabError, match=told):
            study_difference(a, b, *NAME)


def test_more_runs_than_are_read_at_once_are_all_compared():
    many = entry([ACTIVATIONS], 30)
    runs = list(activation_runs(many))
    b = changed(runs, 110, measurements=remeasured(runs[110], "test/loss", lambda v: v + 1))
    keys = [run.key for run in runs]
    with lab(many, runs) as one, lab(many, b) as two:
        found = list(compare_copies(one, two, keys))
    assert [one.key for one in found] == keys
    assert [one.key for one in found if one.differs] == [keys[110]]


def rekeyed(study, runs, recipe=None, seeds=0, **fields):
    """A study of the same labels and replicates, whose runs are known by other keys."""
    members = tuple(one._replace(key=f"other-{one.key}") for one in study.members)
    found = [
        replace(
            run,
            key=f"other-{run.key}",
            recipe=recipe or run.recipe,
            replicate=run.replicate + seeds,
            **fields,
        )
        for run in runs
    ]
    return replace(study, members=members), found


def why(study, runs, **changes):
    other, moved = rekeyed(study, runs, **changes)
    found = differing(study, runs, moved, other)
    assert (found.both, found.only_a, found.only_b, len(found.rekeyed)) == (0, 8, 8, 4)
    assert not found.apart
    return [(one.field, one.a, one.b, one.conditions) for one in found.keys]


def test_a_changed_field_of_the_recipe_is_why_keys_differ(study, runs):
    optimizer = RECIPE["optimizer"] | {"learning_rate": 0.1, "momentum": 0.9}
    model = {name: value for name, value in RECIPE["model"].items() if name != "bias"}
    recipe = RECIPE | {"optimizer": optimizer, "model": model | {"hidden": [128]}}
    assert why(study, runs, recipe=recipe) == [
        ("model.hidden", [128, 64], [128], 4),
        ("model.bias", True, "absent", 4),
        ("optimizer.learning_rate", 0.0003, 0.1, 4),
        ("optimizer.momentum", "absent", 0.9, 4),
    ]


def test_what_is_beside_the_recipe_is_why_keys_differ(study, runs):
    assert why(study, runs, fingerprint="sha256:other") == [
        ("data fingerprint", "sha256:5f1c0ffee", "sha256:other", 4)
    ]
    assert why(study, runs, provenance=provenance(numerics=2)) == [("numerics version", 1, 2, 4)]
    assert why(study, runs, seeds=7000) == [("salt of the registration", 0, 7000, 4)]
    assert why(study, runs) == []


def test_one_and_one_point_zero_are_two_keys(study, runs):
    recipe = RECIPE | {"batch_size": 32.0}
    assert why(study, runs, recipe=recipe) == [("batch_size", 32, 32.0, 4)]


def test_conditions_of_other_keys_are_compared_by_their_means():
    study = entry([ACTIVATIONS], 4)
    runs = list(activation_runs(study))
    other, moved = rekeyed(study, runs)
    noise = np.random.default_rng(3).normal(0.1, 0.02, len(runs))
    moved = [
        replace(run, measurements=remeasured(run, "test/accuracy", lambda v, by=by: v - by))
        for run, by in zip(moved, noise, strict=True)
    ]
    moved[0] = replace(moved[0], status="diverged", diverged_epoch=3)
    a, b = tidy(study, runs), tidy(other, moved)
    first, second, *_ = condition_differences(a, b, a.conditions)
    assert (first.n_a, first.n_b, first.diverged_a, first.diverged_b, first.n) == (4, 3, 0, 1, 3)
    pairs = [[last(run, "test/accuracy") for run in found[4:8]] for found in (runs, moved)]
    assert (second.condition, second.metric) == ({"activation": "tanh"}, "test/accuracy")
    assert (second.n, second.n_a, second.n_b) == (4, 4, 4)
    assert [second.mean_a, second.mean_b] == pytest.approx([np.mean(one) for one in pairs])
    expected = scipy.stats.ttest_rel(pairs[1], pairs[0]).confidence_interval()
    assert [second.low, second.high] == pytest.approx([expected.low, expected.high])
    assert second.difference == pytest.approx(np.mean(pairs[1]) - np.mean(pairs[0]))


def last(run, name):
    return next(one.values[-1] for one in run.measurements if one.name == name)


def test_one_replicate_has_a_difference_and_no_interval():
    study = entry([ACTIVATIONS], 1)
    runs = list(activation_runs(study))
    other, moved = rekeyed(study, runs)
    moved = [
        replace(run, measurements=remeasured(run, "test/accuracy", lambda v: v - 0.1))
        for run in moved
    ]
    a, b = tidy(study, runs), tidy(other, moved)
    for one in condition_differences(a, b, a.conditions):
        assert one.difference == pytest.approx(-0.1)
        assert (one.low, one.high, one.method) == (None, None, "one replicate: no interval")


def test_equal_conditions_are_identical_and_not_tested(study, runs):
    other, moved = rekeyed(study, runs)
    a, b = tidy(study, runs), tidy(other, moved)
    for one in condition_differences(a, b, a.conditions):
        assert (one.difference, one.low, one.high) == (0, None, None)
        assert one.method == "identical in every replicate"


def test_a_metric_that_one_lab_lacks_gives_no_means(study, runs):
    other, moved = rekeyed(study, runs, measurements=())
    a, b = tidy(study, runs), tidy(other, moved)
    assert condition_differences(a, b, a.conditions) == []


def test_a_study_that_a_lab_has_not_planned_is_refused(study, runs):
    with lab(study, runs) as a, Catalogue.in_memory() as empty:
        with pytest.raises(NothingStoredError):
            study_difference(a, empty, *NAME)
        with pytest.raises(UnknownNameError, match="did you mean 'activations'"):
            study_difference(a, a, "activation", "demo")
