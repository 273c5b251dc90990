"""Tables read from the rows of last values, compared with those made of all measurements."""

import numpy as np
import pytest
from sqlalchemy import delete, update

from paribus.errors import NothingStoredError, ParibusError, UnknownNameError
from paribus.results.finals import final_table
from paribus.results.load import load_results
from paribus.results.table import table
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement
from paribus.store.schema import FINALS
from results.example_studies import ACTIVATIONS, activation_runs, cut, entry, factor, stored

STUDY = ("activations", "demo")
USUAL = ("test/accuracy", "test/loss", "never/measured")


def never_finite(measurements):
    for one in measurements:
        yield Measurement(one.name, np.full(one.values.shape, np.nan), one.dims, one.coords)


def odd_runs(study):
    """One diverged, one that is not finite, one not stored, one without a metric."""
    runs = list(activation_runs(study))
    members = study.members
    left = tuple(cut(runs[1].measurements, 6))
    runs[1] = stored(members[1], left, status="diverged", diverged_epoch=7)
    runs[2] = stored(members[2], never_finite(runs[2].measurements))
    runs[4] = stored(members[4], [one for one in runs[4].measurements if "loss" not in one.name])
    return [*runs[:3], *runs[4:]]


def of_two_factors():
    return entry([ACTIVATIONS, factor("batch size", ["8", "32"], "batch_size")], 2)


@pytest.fixture
def catalogue():
    with Catalogue.in_memory() as catalogue:
        yield catalogue


def filled(catalogue, study, runs):
    catalogue.put_study(study)
    for run in runs:
        catalogue.add_run(run)


def without_rows(catalogue, *positions):
    """As of runs from before there were rows of last values."""
    with catalogue._database.writing() as connection:
        connection.execute(delete(FINALS).where(FINALS.c.run_id.in_(positions)))


def agree(catalogue, metrics, interval="t"):
    results = load_results(catalogue, *STUDY)
    document, rows = final_table(catalogue, STUDY, metrics, interval=interval)
    assert document == results.document
    assert rows == table(results, metrics, interval=interval)
    return rows


@pytest.mark.parametrize("rows_lost", [(), (1, 5), range(1, 100)])
@pytest.mark.parametrize("study", [entry([ACTIVATIONS], 3), of_two_factors()])
def test_a_table_is_that_of_all_measurements_to_the_bit(catalogue, study, rows_lost):
    filled(catalogue, study, odd_runs(study))
    without_rows(catalogue, *rows_lost)
    rows = agree(catalogue, ["test/accuracy", "train/loss", "batch/loss"])
    assert any(row["diverged"] for row in rows)
    assert any("not finite" in row["method"] for row in rows)


def test_without_a_factor_there_is_one_condition(catalogue):
    study = entry([], 4)
    filled(catalogue, study, [stored(one, [loss(one.replicate)]) for one in study.members])
    (row,) = agree(catalogue, ["test/loss"])
    assert row["n"] == 4


def loss(value, name="test/loss", probe="", epochs=(1, 2)):
    coords = {"epoch": np.array(epochs)}
    values = np.array([0.0, value], np.float32)[-len(epochs) :]
    return Measurement(name, values, ("epoch",), coords, probe)


def test_a_float32_is_the_number_that_it_was(catalogue):
    study = entry([], 2)
    filled(catalogue, study, [stored(one, [loss(0.1)]) for one in study.members])
    (row,) = agree(catalogue, ["test/loss"])
    assert row["mean"] == float(np.float32(0.1))


def test_of_two_probes_the_one_that_measured_latest_speaks(catalogue):
    study = entry([], 2, identities=["a", "b", "c"])
    for epochs in [((4, 5), (1, 3), (2, 3)), ((1, 3), (4, 5), (2, 3)), ((1, 3), (2, 3), (4, 5))]:
        runs = [
            stored(
                one,
                [
                    loss(number + one.replicate, "norm/l2", probe, at)
                    for number, (probe, at) in enumerate(zip("abx", epochs, strict=True))
                ],
            )
            for one in study.members
        ]
        catalogue.put_study(study)
        for run in runs:
            catalogue.add_run(run)
        agree(catalogue, ["norm/l2"])
        without_rows(catalogue, *range(1, 10))
        agree(catalogue, ["norm/l2"])
        catalogue.remove_study(*STUDY)


@pytest.mark.parametrize("lost", [(), (2,)])
def test_what_is_measured_later_is_in_the_table(catalogue, lost):
    study = entry([], 3, identities=["later"])
    filled(catalogue, study, [stored(one, [loss(1.0)]) for one in study.members])
    without_rows(catalogue, *lost)
    for one in study.members[:2]:
        catalogue.add_measured(one.key, [loss(3.0, "norm/l2", "later")], ["later"])
    rows = agree(catalogue, ["norm/l2", "test/loss"])
    assert [row["n"] for row in rows] == [2, 3]


def test_a_damaged_row_is_not_believed(catalogue):
    study = entry([], 3)
    filled(catalogue, study, [stored(one, [loss(one.replicate)]) for one in study.members])
    whole = agree(catalogue, ["test/loss"])
    for column, value in (("last", "00" * 16), ("status", "diverged"), ("series", "[]")):
        with catalogue._database.writing() as connection:
            connection.execute(update(FINALS).where(FINALS.c.run_id == 2).values({column: value}))
        assert agree(catalogue, ["test/loss"]) == whole


def test_rows_go_with_their_runs(catalogue):
    study = entry([], 3)
    filled(catalogue, study, [stored(one, [loss(1.0)]) for one in study.members])
    catalogue.remove_study(*STUDY)
    with catalogue._database.reading() as connection:
        assert connection.execute(FINALS.select()).all() == []


def test_without_metrics_the_usual_ones_that_were_measured(catalogue):
    study = entry([ACTIVATIONS], 2)
    filled(catalogue, study, activation_runs(study))
    for lost in ((), (1, 2), range(1, 9)):
        without_rows(catalogue, *lost)
        _, rows = final_table(catalogue, STUDY, [], USUAL)
        assert list(dict.fromkeys(row["metric"] for row in rows)) == list(USUAL[:2])


@pytest.mark.parametrize("lost", [(), range(1, 9)])
def test_an_unknown_metric_names_those_that_there_are(catalogue, lost):
    study = entry([ACTIVATIONS], 2)
    filled(catalogue, study, activation_runs(study))
    without_rows(catalogue, *lost)
    with pytest.raises(UnknownNameError) as short:
        final_table(catalogue, STUDY, ["test/acuracy"])
    with pytest.raises(UnknownNameError) as full:
        table(load_results(catalogue, *STUDY), ["test/acuracy"])
    assert str(short.value) == str(full.value)
    assert "test/accuracy" in str(short.value)


def test_no_run_names_the_command_that_trains(catalogue):
    catalogue.put_study(entry([], 2))
    with pytest.raises(NothingStoredError, match="paribus run activations --scale demo"):
        final_table(catalogue, STUDY, ["test/loss"])


def test_a_bootstrap_of_few_replicates_is_refused(catalogue):
    study = entry([], 3)
    filled(catalogue, study, [stored(one, [loss(1.0)]) for one in study.members])
    with pytest.raises(ParibusError, match="one condition has 3"):
        final_table(catalogue, STUDY, ["test/loss"], interval="bootstrap")
