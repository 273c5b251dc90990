"""`paribus check`: what it finds, what it says, and that a repaired lab is what it was."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from paribus import studies
from paribus.cli.app import main
from paribus.cli.checking import SHOWN, read_command
from paribus.store import Catalogue, hold
from paribus.store.catalogue import FILE
from study.example_study import tiny_file

BUILT_IN = (
    *("activations", "--set", "epochs=1", "--only", "activation=relu,tanh"),
    *("--only", "output=logits", "--only", "depth=5", "--replicates", "1"),
)
COMMAND = (
    "paribus run activations --scale demo --set epochs=1 --only activation=relu,tanh "
    "--only output=logits --only depth=5 --replicates 1"
)
KEYS = {"lab", "whole_runs", "damages", "again", "unplanned", "lost", "repaired"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A lab with two runs of a built-in study and six of a file."""
    folder = tmp_path_factory.mktemp("trained")
    for study in (BUILT_IN, (tiny_file(folder, epochs=1),)):
        words = [str(word) for word in ("run", *study, "--lab", folder / "lab")]
        with pytest.raises(SystemExit) as leaving:
            main(words)
        assert leaving.value.code == 0
    return folder / "lab"


@pytest.fixture
def lab(trained, tmp_path):
    """A copy of it."""
    return shutil.copytree(trained, tmp_path / "lab")


def values(lab):
    """What the lab's runs hold, to the bit; not when and how fast they were trained."""
    with Catalogue.open(lab, create=False) as catalogue:
        members = {member.key for entry in catalogue.studies() for member in entry.members}
        runs = [catalogue.run(key) for key in sorted(catalogue.finished(members))]
    return {
        run.key: (
            run.recipe,
            run.parameters,
            dict(run.artifacts),
            {(one.name, one.probe): one.values.tobytes() for one in run.measurements},
        )
        for run in runs
    }


def members(lab, study):
    with Catalogue.open(lab, create=False) as catalogue:
        return next(entry.members for entry in catalogue.studies() if entry.name == study)


def alter(lab, statement, *values):
    with closing(sqlite3.connect(lab / FILE)) as connection:
        connection.execute(statement, values)
        connection.commit()


def damage_weights(lab, key):
    alter(
        lab,
        "UPDATE artifacts SET content = CAST(substr(content, 1, 500) || x'01' || "
        "substr(content, 502) AS BLOB) WHERE name = 'weights.safetensors' AND run_id = "
        "(SELECT id FROM runs WHERE key = ?)",
        key,
    )


def test_a_whole_lab(paribus, lab):
    for more in ((), ("--repair",)):
        said = paribus("check", "--lab", lab, *more)
        assert (said.code, said.out) == (0, "no damage; 8 runs whole\n")
    said = paribus("check", "--lab", lab, "--json")
    assert said.code == 0
    assert json.loads(said.out) == {
        "lab": str(lab),
        "whole_runs": 8,
        "damages": [],
        "again": [],
        "unplanned": [],
        "lost": [],
        "repaired": None,
    }


def test_a_damaged_run_of_a_built_in_study_is_trained_again(paribus, lab):
    before = values(lab)
    member = members(lab, "activations")[1]
    damage_weights(lab, member.key)

    said = paribus("check", "--lab", lab)
    assert said.code == 1
    assert said.out.splitlines() == [
        f"artifact 'weights.safetensors' of run {member.key} is damaged: it does not "
        "match its checksum",
        f"activations (demo): 1 run to be trained again, by: {COMMAND}",
        f"  activation={member.condition['activation']}, output=logits, depth=5, replicate 0",
        "1 damage found; 7 runs whole",
        f"to repair: paribus check --repair --lab {lab}",
    ]

    said = paribus("check", "--lab", lab, "--repair", "--json")
    assert said.code == 0, said.err
    row = json.loads(said.out)
    assert set(row) == KEYS
    (again,) = row["again"]
    assert again["command"] == COMMAND
    condition = dict(member.condition)
    assert again["runs"] == [{"key": member.key, "condition": condition, "replicate": 0}]
    (found,) = row["damages"]
    assert found["kind"] == "run"
    assert found["run"] == member.key
    assert row["repaired"] == {
        "complete": True,
        "set_aside": None,
        "studies": [{"study": "activations", "scale": "demo", "trained": 1, "trouble": None}],
    }
    assert values(lab) == before
    assert paribus("check", "--lab", lab).code == 0


def test_a_damaged_run_of_a_file_is_taken_out_and_its_command_said(paribus, lab, tmp_path):
    before = values(lab)
    member = members(lab, "tiny")[0]
    damage_weights(lab, member.key)

    said = paribus("check", "--lab", lab, "--repair")
    assert said.code == 1
    assert (
        "not repaired: tiny (full): its file is not known; run it yourself: "
        "paribus run tiny.py --scale full\n"
    ) in said.out
    assert said.out.endswith("the lab holds what is whole\n")
    assert values(lab) == {key: value for key, value in before.items() if key != member.key}

    said = paribus("run", tiny_file(tmp_path, epochs=1), "--lab", lab)
    assert "1 run trained, 5 reused" in said.out
    assert values(lab) == before
    assert paribus("check", "--lab", lab).code == 0


def test_a_torn_page_becomes_a_new_file_and_the_old_one_is_kept(paribus, lab):
    before = values(lab)
    member = members(lab, "activations")[0]
    with Catalogue.open(lab, create=False) as catalogue:
        weights = catalogue.artifact(member.key, "weights.safetensors")
    whole = (lab / FILE).read_bytes()
    middle = len(weights) // 2
    page = whole.index(weights[middle : middle + 64]) // 4096
    torn = whole[: page * 4096] + bytes(4096) + whole[(page + 1) * 4096 :]
    (lab / FILE).write_bytes(torn)

    said = paribus("check", "--lab", lab)
    assert said.code == 1
    assert "the file's structure: " in said.out
    assert "activations (demo): 1 run to be trained again" in said.out

    said = paribus("check", "--lab", lab, "--repair")
    assert said.code == 0, said.out
    aside = lab / f"{FILE}.damaged-1"
    assert f"a new store was made of all that is whole; the old one is {aside}\n" in said.out
    assert "repaired: activations (demo): 1 run trained again\nthe lab is whole\n" in said.out
    assert aside.read_bytes() == torn
    assert values(lab) == before


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE runs SET recipe = replace(recipe, '\"epochs\": 1', '\"epochs\": 3'), "
            "checksum = NULL WHERE key = ?",
            "its key is not that of its recipe, replicate and data",
        ),
        (
            "UPDATE runs SET parameters = parameters + 1, checksum = NULL WHERE key = ?",
            "and its parameters",
        ),
    ],
)
def test_runs_from_before_checksums_must_have_their_keys_and_weights(
    paribus, lab, statement, told
):
    member = members(lab, "tiny")[0]
    alter(lab, statement, member.key)
    said = paribus("check", "--lab", lab)
    assert said.code == 1
    assert f"run {member.key} is damaged: " in said.out
    assert told in said.out


def test_a_damaged_plan_is_left_to_whoever_knows_what_was_typed(paribus, lab):
    before = values(lab)
    alter(lab, "UPDATE studies SET document = '{}' WHERE name = 'activations'")

    said = paribus("check", "--lab", lab, "--repair")
    assert said.code == 1
    assert "not repaired: activations (demo): its plan is damaged; add the --set" in said.out

    assert "0 runs trained, 2 reused" in paribus("run", *BUILT_IN, "--lab", lab).out
    assert values(lab) == before


def test_a_study_that_is_another_one_now_is_not_trained(paribus, lab):
    member = members(lab, "activations")[0]
    damage_weights(lab, member.key)
    with Catalogue.open(lab, create=False) as catalogue:
        entry = catalogue.study("activations", "demo")
        command = COMMAND.replace("epochs=1", "epochs=2")
        document = dict(entry.document) | {"command": command}
        catalogue.put_study(type(entry)(entry.name, entry.scale, document, entry.members))

    said = paribus("check", "--lab", lab, "--repair")
    assert said.code == 1
    assert "the study, its data or paribus has changed since" in said.out
    assert command in said.out
    assert "the lab holds what is whole" in said.out


def test_many_damages_are_counted_and_not_all_shown(paribus, lab):
    alter(lab, "UPDATE members SET replicate = replicate + 1")
    alter(lab, "UPDATE runs SET parameters = 1")
    for number in range(SHOWN):
        alter(lab, "INSERT INTO checkpoints VALUES (?, 1, x'00')", f"{number:064x}")
    said = paribus("check", "--lab", lab)
    assert said.out.count(" is damaged: ") == SHOWN
    assert f"... and {8 + 2} more; --json has all" in said.out
    assert f"{8 + 2 + SHOWN} damages found; 0 runs whole" in said.out


READERS = {
    "table": ("table", "tiny"),
    "findings": ("findings", "tiny"),
    "report": ("report", "tiny"),
    "export": ("export", "tiny"),
    "status": ("status",),
    "run": ("run", "{file}"),
}


@pytest.mark.parametrize("name", READERS)
def test_a_malformed_file_is_one_message_at_every_command(paribus, lab, tmp_path, name):
    words = [word.format(file=tiny_file(tmp_path, epochs=1)) for word in READERS[name]]
    whole = (lab / FILE).read_bytes()
    (lab / FILE).write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    said = paribus(*words, "--lab", lab)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "is damaged: " in said.err
    assert "`paribus check --repair`" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("name", ["table", "report", "export", "run"])
def test_a_damaged_run_is_one_message_at_every_command(paribus, lab, tmp_path, name):
    words = [word.format(file=tiny_file(tmp_path, epochs=1)) for word in READERS[name]]
    alter(lab, "UPDATE runs SET provenance = replace(provenance, 'numpy', 'nunpy')")
    alter(lab, "UPDATE finals SET checksum = checksum + 1")
    said = paribus(*words, "--lab", lab)
    assert said.code == 2
    assert "is damaged: it does not match its checksum. `paribus check`" in said.err


def test_what_is_for_training_needs_repair(paribus, lab):
    said = paribus("check", "--lab", lab, "--cores", 2)
    assert said.code == 2
    assert "--cores" in said.err
    assert "nothing is trained without --repair" in said.err


def test_what_cannot_be_checked(paribus, lab, tmp_path):
    said = paribus("check", "--lab", tmp_path / "none", "--repair")
    assert said.code == 2
    assert "holds nothing yet" in said.err
    assert not (tmp_path / "none").exists()

    damage_weights(lab, members(lab, "tiny")[0].key)
    with hold(lab):
        said = paribus("check", "--lab", lab, "--repair")
        assert said.code == 2
        assert "is held by process" in said.err
        assert paribus("check", "--lab", lab).code == 1

    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / FILE).write_text("my notes\n" * 200)
    said = paribus("check", "--lab", tmp_path / "notes", "--repair")
    assert said.code == 2
    assert "is not an SQLite database" in said.err
    assert (tmp_path / "notes" / FILE).read_text() == "my notes\n" * 200


@pytest.mark.parametrize(
    "command",
    [
        *("", "paribus", "paribus run", "paribus run 'activations", "python run activations"),
        *("paribus clean activations", "paribus run mine.py --scale full"),
        *("paribus run activations --scale", "paribus run activations --lab elsewhere"),
        *("paribus run activations --replicates many", "paribus run unknown --scale demo"),
    ],
)
def test_commands_that_are_no_run_of_a_built_in_study(command):
    assert read_command(command) is None


def test_what_was_typed_is_read_back(paribus, lab):
    with Catalogue.open(lab, create=False) as catalogue:
        typed = read_command(catalogue.study("activations", "demo").document["command"])
    assert typed is not None
    assert typed.study in studies.NAMES
    assert typed.sets == ["epochs=1"]
    assert typed.only == ["activation=relu,tanh", "output=logits", "depth=5"]
    assert typed.replicates == 1
