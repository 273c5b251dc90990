"""What becomes of a flipped bit, a torn page, a lost row: it is found, and never served."""

import random
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from paribus.errors import DamagedLabError, ParibusError
from paribus.store import Catalogue, Measurement, Registration
from paribus.store.catalogue import FILE
from paribus.store.integrity import Demands
from paribus.store.mending import examine_file, needs_new_file, write_anew
from paribus.store.postgresql import PostgresqlDatabase
from store.example_runs import example_key, example_run, example_study

RUNS = range(6)
KEYS = [example_key(index) for index in RUNS]
NOTHING_BESIDES = Demands(lambda run: "", lambda registration: "")
REGISTRATION = Registration(
    "width", "demo", "abc", {"claims": ["larger is better"], "looks": [5]}, "2026-01-02T03:04:05"
)


def fill(lab):
    """Something in every table, of runs small enough that most pages hold several rows."""
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", range(4)))
        catalogue.put_study(example_study("depth", range(3, 6)))
        for index in RUNS:
            weights = np.random.default_rng(index).bytes(1500)
            artifacts = {"weights.safetensors": weights, "correct": b"abc"}
            catalogue.add_run(example_run(index, artifacts=artifacts, probes=("one", "two")))
        norm = Measurement("norm/l2", np.arange(3.0), probe="three")
        catalogue.add_measured(KEYS[3], [norm], ["three"])
        line = Measurement("line/loss", np.arange(5.0), ("place",))
        catalogue.put_analysis(("width", "demo"), "of these runs", [line])
        catalogue.add_registration(REGISTRATION)
        catalogue.put_checkpoint(example_key(20), b"half way" * 50)
        catalogue.record_failure(example_key(21), "it did not fit")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of such a lab."""
    lab = tmp_path_factory.mktemp("whole")
    fill(lab)
    return (lab / FILE).read_bytes()


@pytest.fixture
def lab(tmp_path, whole):
    """A copy of it."""
    (tmp_path / FILE).write_bytes(whole)
    return tmp_path


def plain(measurement):
    """A measurement as values that can be compared, to the bit."""
    arrays = {"": measurement.values} | measurement.coords
    content = {name: (str(one.dtype), one.shape, one.tobytes()) for name, one in arrays.items()}
    return measurement.name, measurement.dims, measurement.probe, content


def plain_run(catalogue, key):
    run = catalogue.run(key)
    measured = [plain(one) for one in run.measurements]
    return vars(run) | {"measurements": measured}


def plain_runs(catalogue):
    stored = sorted(catalogue.finished(KEYS))
    return {key: plain_run(catalogue, key) for key in stored}


READS = {
    "runs": plain_runs,
    "summaries": lambda catalogue: list(catalogue.summaries(KEYS)),
    "studies": lambda catalogue: catalogue.studies(),
    "probed": lambda catalogue: catalogue.probed(KEYS),
    "losses": lambda catalogue: [
        (key, plain(one)) for key, one in catalogue.measurements(KEYS, ["test/loss"], ["one"])
    ],
    "weights": lambda catalogue: catalogue.checksums(KEYS, "weights.safetensors"),
    "correct": lambda catalogue: catalogue.artifacts(KEYS, "correct"),
    "analyses": lambda catalogue: [
        (identity, plain(one)) for identity, one in catalogue.analyses("width", "demo")
    ],
    "registrations": lambda catalogue: catalogue.registrations("width", "demo"),
    "checkpoints": lambda catalogue: catalogue.checkpoints([example_key(20)]),
}
REFUSED = "refused"


def readable(lab):
    """All that can be read of a lab: what is refused with an error of ours says so."""
    found = dict.fromkeys(READS, REFUSED)
    try:
        with Catalogue.open(lab, create=False) as catalogue:
            for name, read in READS.items():
                try:
                    found[name] = read(catalogue)
                except ParibusError:
                    continue
    except ParibusError:
        pass
    return found


def is_part(after, before):
    """Whether all that was read is as it was; some of it may not have been found."""
    if after == REFUSED:
        return True
    if isinstance(after, dict):
        return all(key in before and before[key] == after[key] for key in after)
    return all(one in before for one in after)


def damages(lab):
    with Catalogue.open(lab, create=False) as catalogue:
        return catalogue.examine(NOTHING_BESIDES).damages


def is_known_damaged(lab):
    try:
        return bool(damages(lab))
    except ParibusError:  # a file that is refused as a whole
        return True


def alter(lab, *statements):
    with closing(sqlite3.connect(lab / FILE)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_whole_lab_has_no_damage(lab):
    with Catalogue.open(lab, create=False) as catalogue:
        examined = catalogue.examine(NOTHING_BESIDES)
    assert examined.damages == ()
    assert examined.keys == set(KEYS)
    assert {entry.name for entry in examined.studies} == {"depth", "width"}


OF_RUN_2 = "WHERE run_id = (SELECT id FROM runs ORDER BY key LIMIT 1 OFFSET 2)"
LOSS_OF_RUN_2 = f"{OF_RUN_2} AND name = 'test/loss'"
RUN_2 = f"WHERE key = '{KEYS[2]}'"
FLIPPED = "CAST(substr(content, 1, length(content) - 1) || x'00' AS BLOB)"
DAMAGES = {
    "recipe": (f"UPDATE runs SET recipe = replace(recipe, '0.1', '0.3') {RUN_2}", "run"),
    "recipe that is no JSON": (f"UPDATE runs SET recipe = '{{' {RUN_2}", "run"),
    "replicate": (f"UPDATE runs SET replicate = replicate + 1 {RUN_2}", "run"),
    "fingerprint": (f"UPDATE runs SET fingerprint = 'sha256:abd' {RUN_2}", "run"),
    "status": (f"UPDATE runs SET status = 'diverged' {RUN_2}", "run"),
    "diverged epoch": (f"UPDATE runs SET diverged_epoch = 3 {RUN_2}", "run"),
    "parameters": (f"UPDATE runs SET parameters = 1 {RUN_2}", "run"),
    "provenance": (
        f"UPDATE runs SET provenance = replace(provenance, '1.5', '1.7') {RUN_2}",
        "run",
    ),
    "key": (f"UPDATE runs SET key = 'f' || substr(key, 2) {RUN_2}", "run"),
    "name of a measurement": (
        f"UPDATE measurements SET name = 'test/lost' {LOSS_OF_RUN_2}",
        "run",
    ),
    "probe of a measurement": (f"UPDATE measurements SET probe = 'one' {LOSS_OF_RUN_2}", "run"),
    "order of measurements": (f"UPDATE measurements SET position = 7 {LOSS_OF_RUN_2}", "run"),
    "axes": (f"""UPDATE measurements SET dims = '["layer"]' {LOSS_OF_RUN_2}""", "run"),
    "names of places": (f"""UPDATE measurements SET coords = '["e"]' {LOSS_OF_RUN_2}""", "run"),
    "values": (f"UPDATE measurements SET content = {FLIPPED} {LOSS_OF_RUN_2}", "run"),
    "values that are no bytes": (
        f"UPDATE measurements SET content = 1 << 60 {LOSS_OF_RUN_2}",
        "run",
    ),
    "checksum of values": (f"UPDATE measurements SET crc32 = crc32 + 1 {LOSS_OF_RUN_2}", "run"),
    "a measurement of another run": (
        f"UPDATE measurements SET run_id = 1, name = 'x' {LOSS_OF_RUN_2}",
        "run",
    ),
    "a measurement that is not there": (f"DELETE FROM measurements {LOSS_OF_RUN_2}", "run"),
    "an artifact that is not there": (
        f"DELETE FROM artifacts {OF_RUN_2} AND name = 'correct'",
        "run",
    ),
    "a probe that is not there": (f"DELETE FROM probed {OF_RUN_2} AND probe = 'two'", "run"),
    "weights": (
        f"UPDATE artifacts SET content = {FLIPPED} {OF_RUN_2} AND name LIKE 'weights%'",
        "run",
    ),
    "name of an artifact": (
        f"UPDATE artifacts SET name = 'wrong' {OF_RUN_2} AND name = 'correct'",
        "run",
    ),
    "probe": (f"UPDATE probed SET probe = 'twp' {OF_RUN_2} AND probe = 'two'", "run"),
    "document of a study": (
        "UPDATE studies SET document = replace(document, 'width', 'depth') WHERE name = 'width'",
        "study",
    ),
    "name of a study": ("UPDATE studies SET name = 'widti' WHERE name = 'width'", "study"),
    "condition of a member": (
        'UPDATE members SET condition = \'{"width": "18"}\' WHERE position = 2 AND study_id = 1',
        "study",
    ),
    "replicate of a member": (
        "UPDATE members SET replicate = 7 WHERE position = 2 AND study_id = 1",
        "study",
    ),
    "a member that is not there": (
        "DELETE FROM members WHERE position = 3 AND study_id = 1",
        "study",
    ),
    "a planned run that is not there": (
        f"DELETE FROM study_runs WHERE run_key = '{KEYS[1]}'",
        "study",
    ),
    "identity of an analysis": ("UPDATE analyses SET identity = 'of others'", "analysis"),
    "values of an analysis": (f"UPDATE analyses SET content = {FLIPPED}", "analysis"),
    "checkpoint": (f"UPDATE checkpoints SET content = {FLIPPED}", "checkpoint"),
    "rows of nothing": (f"UPDATE measurements SET run_id = 99 {LOSS_OF_RUN_2}", "file"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_of_every_kind_is_found_and_not_served(lab, name):
    statement, kind = DAMAGES[name]
    before = readable(lab)
    alter(lab, statement)

    found = damages(lab)

    assert kind in {damage.kind for damage in found}
    if kind == "run" and name != "key":
        assert {KEYS[2]} <= {damage.key for damage in found}
    if not name.endswith(("not there", "of nothing")):  # what is served then is right, but less
        after = readable(lab)
        assert all(is_part(after[part], before[part]) for part in READS)


@pytest.mark.parametrize("column", ["study", "scale", "at", "salt", "ahead", "content", "digest"])
def test_a_damaged_registration_is_found_and_not_served(lab, column):
    new = {"salt": "7", "ahead": "1", "content": "'{}'"}.get(column, f"{column} || 'x'")
    alter(lab, "DROP TRIGGER registrations_stay", f"UPDATE registrations SET {column} = {new}")

    (found,) = damages(lab)

    assert found.kind == "registration"
    assert needs_new_file([found])
    with Catalogue.open(lab, create=False) as catalogue:
        name, scale = found.study
        with pytest.raises(DamagedLabError, match=r"registration .* is damaged.*paribus check"):
            catalogue.registrations(name, scale)


def test_what_is_damaged_is_taken_out_and_nothing_else(lab):
    before = readable(lab)["runs"]
    alter(
        lab,
        *(DAMAGES[name][0] for name in ("values", "checkpoint", "values of an analysis")),
        DAMAGES["condition of a member"][0],
    )

    with Catalogue.open(lab, create=False) as catalogue:
        found = catalogue.examine(NOTHING_BESIDES).damages
        assert not needs_new_file(found)
        catalogue.remove_damaged(found)

    assert damages(lab) == ()
    with Catalogue.open(lab, create=False) as catalogue:
        assert [entry.name for entry in catalogue.studies()] == ["depth"]
        assert plain_runs(catalogue) == {key: before[key] for key in KEYS if key != KEYS[2]}
        assert catalogue.registrations("width", "demo") == [REGISTRATION]


def test_rows_from_before_checksums_are_taken_as_they_are(lab):
    before = readable(lab)
    alter(
        lab,
        "DROP TRIGGER registrations_stay",
        "UPDATE runs SET parts = NULL",
        *(
            f"UPDATE {table} SET checksum = NULL"
            for table in (
                *("runs", "measurements", "artifacts", "probed", "studies", "analyses"),
                "registrations",
            )
        ),
    )
    assert damages(lab) == ()
    assert readable(lab) == before

    alter(lab, DAMAGES["values"][0], DAMAGES["recipe that is no JSON"][0])
    assert {(damage.kind, damage.key) for damage in damages(lab)} == {("run", KEYS[2])}


@pytest.mark.parametrize("seed", range(4))
def test_no_flipped_bit_gives_another_value_unseen(tmp_path, whole, seed):
    (tmp_path / FILE).write_bytes(whole)
    truth = readable(tmp_path)
    assert REFUSED not in truth.values()
    draw = random.Random(seed)
    for _ in range(50):
        bit = draw.randrange(8 * len(whole))
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        for log in ("-wal", "-shm"):
            (tmp_path / (FILE + log)).unlink(missing_ok=True)
        (tmp_path / FILE).write_bytes(flipped)
        assert readable(tmp_path) == truth or is_known_damaged(tmp_path), f"bit {bit}"


def test_a_torn_page_costs_the_rows_on_it_and_no_others(tmp_path, whole):
    (tmp_path / FILE).write_bytes(whole)
    before = readable(tmp_path)["runs"]
    saved = []
    for page in range(1, len(whole) // 4096, 2):
        torn = whole[: page * 4096] + bytes(4096) + whole[(page + 1) * 4096 :]
        lab = tmp_path / f"page {page}"
        lab.mkdir()
        (lab / FILE).write_bytes(torn)
        if not is_known_damaged(lab):  # a page that nothing is on
            assert readable(lab)["runs"] == before
            continue
        aside = write_anew(lab / FILE, NOTHING_BESIDES)
        assert aside.read_bytes() == torn
        assert sorted(path.name for path in lab.iterdir()) == [FILE, f"{FILE}.damaged-1"]
        assert damages(lab) == ()
        with Catalogue.open(lab, create=False) as catalogue:
            kept = plain_runs(catalogue)
        assert kept == {key: before[key] for key in kept}
        saved.append(len(kept))
    assert max(saved) == len(RUNS)
    assert sum(saved) > len(saved) * len(RUNS) / 2


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_of_a_file_that_was_cut_off_what_is_whole_is_saved(tmp_path, whole, share):
    (tmp_path / FILE).write_bytes(whole)
    before = readable(tmp_path)["runs"]
    (tmp_path / FILE).write_bytes(whole[: round(share * len(whole))])
    assert is_known_damaged(tmp_path)

    write_anew(tmp_path / FILE, NOTHING_BESIDES)

    assert damages(tmp_path) == ()
    with Catalogue.open(tmp_path, create=False) as catalogue:
        kept = plain_runs(catalogue)
    assert kept == {key: before[key] for key in kept}


def test_all_that_is_whole_is_in_the_new_file(lab):
    before = readable(lab)
    write_anew(lab / FILE, NOTHING_BESIDES)
    assert readable(lab) == before
    with Catalogue.open(lab, create=False) as catalogue:
        assert catalogue.failures([example_key(21)]) == {example_key(21): "it did not fit"}
        assert catalogue.removable("width", "demo") == set(KEYS[:3])
    assert write_anew(lab / FILE, NOTHING_BESIDES).name == f"{FILE}.damaged-2"


def test_a_version_that_is_damaged_costs_nothing(lab):
    before = readable(lab)
    alter(lab, "PRAGMA user_version = 2")
    with pytest.raises(DamagedLabError, match=r"is damaged: .*paribus check --repair"):
        Catalogue.open(lab, create=False)

    examined = examine_file(lab / FILE, NOTHING_BESIDES, "it cannot be opened")
    assert examined.keys == set(KEYS)
    assert [damage.kind for damage in examined.damages] == ["file"]

    write_anew(lab / FILE, NOTHING_BESIDES)
    assert readable(lab) == before


def test_text_that_is_no_text_is_told_in_our_words(lab):
    alter(lab, "UPDATE studies SET document = CAST(x'ff' || document AS TEXT)")
    with (
        Catalogue.open(lab, create=False) as catalogue,
        pytest.raises(DamagedLabError, match=r"is damaged: Could not decode.*paribus check"),
    ):
        catalogue.studies()
    assert {damage.kind for damage in damages(lab)} == {"study"}


def test_a_shared_lab_is_examined_and_mended_row_by_row(shared_lab):
    fill(shared_lab)
    with Catalogue.open(shared_lab, create=False) as catalogue:
        before = plain_runs(catalogue)
        assert catalogue.examine(NOTHING_BESIDES).damages == ()
    database = PostgresqlDatabase(shared_lab)
    with database.writing() as connection:
        for name in ("status", "checksum of values", "identity of an analysis"):
            connection.exec_driver_sql(DAMAGES[name][0])
        for statement in (
            "UPDATE artifacts SET content = '\\x00' WHERE run_id = 1",
            "UPDATE members SET replicate = 7 WHERE position = 2 AND study_id = 2",
        ):
            connection.exec_driver_sql(statement)
    database.close()

    with Catalogue.open(shared_lab, create=False) as catalogue:
        found = catalogue.examine(NOTHING_BESIDES).damages
        assert [(damage.kind, damage.key) for damage in found] == [
            *(("run", KEYS[0]), ("run", KEYS[2]), ("study", ""), ("analysis", "")),
        ]
        assert [damage.study for damage in found[2:]] == [("depth", "demo"), ("width", "demo")]
        catalogue.remove_damaged(found)
        examined = catalogue.examine(NOTHING_BESIDES)
        assert examined.damages == ()
        assert examined.keys == set(KEYS) - {KEYS[0], KEYS[2]}
        assert plain_runs(catalogue) == {key: before[key] for key in examined.keys}
