"""`paribus diff`: what it finds between two labs, how it says so, and how it ends."""

import json
import shutil
import sqlite3
import zlib
from contextlib import closing

import pytest

from cli.example_difference import example_difference
from paribus import Factor, claims
from paribus.cli.difference import show_difference
from paribus.data.base import Source
from paribus.optimizers import SGD
from paribus.store.catalogue import FILE, Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from results.example_studies import ACTIVATIONS, activation_runs, classification, entry, stored
from store.old_labs import of_schema
from study.example_study import tiny_file, tiny_recipe, tiny_study

BETTER = "relu reaches a higher test accuracy than sigmoid"
SAME = "tanh reaches a higher test accuracy than sigmoid"
CLAIMS = {
    BETTER: claims.Better("test/accuracy", "relu", "sigmoid"),
    SAME: claims.Better("test/accuracy", "tanh", "sigmoid"),
}


def train(lab, **fields):
    run_plan(make_plan(tiny_study(**fields).at(), Source()), RunOptions(lab=lab))
    return lab


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Holds the study `tiny`, really trained."""
    return train(tmp_path_factory.mktemp("diff") / "first")


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the trained lab, to be changed."""
    return shutil.copytree(trained, tmp_path / "copied")


def changed(lab, *statements):
    with closing(sqlite3.connect(lab / FILE)) as connection:
        for statement, *values in statements:
            connection.execute(statement, values)
        connection.commit()
    return lab


def flip_a_bit(lab):
    """One bit of one weight of the third run; that run's key."""
    with closing(sqlite3.connect(lab / FILE)) as connection:
        run, content = connection.execute(
            "SELECT run_id, content FROM artifacts WHERE name = 'weights.safetensors'"
            " ORDER BY run_id LIMIT 1 OFFSET 2"
        ).fetchone()
        (key,) = connection.execute("SELECT key FROM runs WHERE id = ?", [run]).fetchone()
    flipped = bytearray(content)
    flipped[-8] ^= 1
    statement = (
        "UPDATE artifacts SET content = ?, crc32 = ?, checksum = NULL"
        " WHERE run_id = ? AND name LIKE 'w%'"
    )
    changed(lab, (statement, bytes(flipped), zlib.crc32(flipped), run))
    return key


def constructed(lab, relu=0.962, claimed=(BETTER, SAME), **fields):
    """Four activations in five replicates, with claims; relu ends at about this accuracy."""
    said = [CLAIMS[one].as_json() | {"sentence": one, "registered": True} for one in claimed]
    study = entry([ACTIVATIONS], 5, claims=said, **fields)
    runs = list(activation_runs(study))
    for number, member in enumerate(study.members):
        if member.condition["activation"] == "relu":
            runs[number] = stored(member, classification(relu, 0.4, number))
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(study)
        for run in runs:
            catalogue.add_run(run)
    return lab


@pytest.fixture
def answer(paribus):
    """The JSON of `paribus diff`, after checking its exit code."""

    def run(*words, code):
        said = paribus("diff", *words, "--json")
        assert said.code == code, said.err
        return json.loads(said.out)

    return run


def test_a_study_trained_twice_is_the_same_bits(paribus, answer, trained, tmp_path):
    second = train(tmp_path / "second")
    said = paribus("diff", trained, second)
    assert said.code == 0, said.err
    rows = [line.split() for line in said.out.splitlines()]
    assert ["tiny", "full", "4", "4", "0", "0", "0", "0", "-"] in rows
    found = answer(trained, second, code=0)
    assert not found["differs"]
    (study,) = found["studies"]
    assert study["runs"] == {
        "both": 4,
        "identical": 4,
        "differing": 0,
        "only_a": 0,
        "only_b": 0,
    }
    assert study["provenance"] == []


def test_one_bit_of_one_weight_is_found_and_named(paribus, answer, trained, copied):
    key = flip_a_bit(copied)
    (study,) = answer(trained, copied, code=1)["studies"]
    (run,) = study["differing"]
    assert (run["key"], run["differs"]) == (key, ["weights"])
    (furthest,) = study["furthest"]
    assert 0 < furthest["distance"] < 1e-6
    said = paribus("diff", trained, copied)
    assert said.code == 1
    where = f"{run['condition']['learning_rate']}, replicate {run['replicate']} ({key[:8]})"
    (line,) = [line for line in said.out.splitlines() if where in line]
    assert line.startswith("final weights, as a share of the largest")


def test_a_changed_rate_is_why_keys_differ(paribus, answer, trained, tmp_path):
    other = train(
        tmp_path / "other", factors=[Factor("optimizer.learning_rate", {"low": 0.01, "high": 0.2})]
    )
    (study,) = answer(trained, other, code=1)["studies"]
    assert study["runs"] == {
        "both": 2,
        "identical": 2,
        "differing": 0,
        "only_a": 2,
        "only_b": 2,
    }
    assert study["keys"] == [
        {"field": "optimizer.learning_rate", "a": 0.3, "b": 0.2, "conditions": 1}
    ]
    (condition,) = study["conditions"]
    assert condition["condition"] == {"learning_rate": "high"}
    assert (condition["metric"], condition["epoch_rule"]) == ("test/accuracy", "last")
    assert (condition["n_a"], condition["n_b"], condition["n"]) == (2, 2, 2)
    mean = condition["mean_b"] - condition["mean_a"]
    assert condition["difference"] == pytest.approx(mean)
    said = paribus("diff", trained, other)
    assert said.code == 1
    assert "other keys: optimizer.learning_rate: 0.3 in A, 0.2 in B (1 condition)" in said.out
    assert "test/accuracy, last epoch: means over finished runs" in said.out


def test_a_changed_recipe_shares_no_run(answer, trained, tmp_path):
    recipe = tiny_recipe(optimizer=SGD(learning_rate=0.1, momentum=0.5), epochs=1)
    other = train(tmp_path / "other", recipe=recipe)
    (study,) = answer(trained, other, code=1)["studies"]
    assert (study["runs"]["both"], len(study["conditions"])) == (0, 2)
    assert {(one["field"], one["conditions"]) for one in study["keys"]} == {
        ("optimizer.momentum", 2),
        ("epochs", 2),
    }


def test_fewer_replicates_are_no_difference(paribus, answer, trained, tmp_path):
    fewer = train(tmp_path / "fewer", replicates=1)
    (study,) = answer(trained, fewer, code=0)["studies"]
    assert (study["runs"]["both"], study["runs"]["only_a"]) == (2, 2)
    assert paribus("diff", trained, fewer).code == 0


def test_labels_that_do_not_meet_are_said_to_be_incomparable(paribus, trained, tmp_path):
    rates = [Factor("optimizer.learning_rate", {"slow": 0.02, "fast": 0.2})]
    said = paribus("diff", trained, train(tmp_path / "other", factors=rates))
    assert said.code == 1
    assert "no run and no condition is in both labs: nothing to compare" in said.out


def test_a_run_that_diverged_in_one_lab_is_told(paribus, trained, copied):
    changed(
        copied,
        ("UPDATE runs SET status = 'diverged', diverged_epoch = 1, checksum = NULL WHERE id = 1",),
    )
    said = paribus("diff", trained, copied)
    assert said.code == 1
    assert "finished in A, diverged in B" in said.out


def test_a_version_that_differs_is_told_where_bits_are_the_same(paribus, trained, copied):
    changed(
        copied,
        ("UPDATE runs SET provenance = json_set(provenance, '$.jax', '9.9'), checksum = NULL",),
    )
    said = paribus("diff", trained, copied)
    assert said.code == 0
    assert "made with JAX: " in said.out
    assert " in A, 9.9 in B" in said.out


def test_a_verdict_that_changes_is_told_with_both_estimates(paribus, answer, tmp_path):
    a, b = constructed(tmp_path / "a"), constructed(tmp_path / "b", relu=0.7)
    (study,) = answer(a, b, code=1)["studies"]
    assert study["verdicts"]["same"] == 1
    (one,) = study["verdicts"]["changed"]
    assert one["claim"] == BETTER
    assert (one["a"]["verdict"], one["b"]["verdict"]) == ("supported", "refuted")
    assert one["a"]["low"] < one["a"]["estimate"] < one["a"]["high"]
    assert one["b"]["estimate"] < 0 < one["a"]["estimate"]
    said = paribus("diff", a, b)
    assert said.code == 1
    assert f"verdict changed: {BETTER}\n  A: supported, 0." in said.out
    assert "\n  B: refuted, -0." in said.out


def test_a_verdict_that_changes_by_more_runs_alone_is_a_difference(answer, tmp_path):
    a, b = constructed(tmp_path / "a"), constructed(tmp_path / "b")
    few = ("DELETE FROM runs WHERE replicate > 0",)
    (study,) = answer(changed(a, ("PRAGMA foreign_keys = ON",), few), b, code=1)["studies"]
    assert study["differing"] == []
    assert {one["a"]["verdict"] for one in study["verdicts"]["changed"]} == {"not testable"}
    assert {one["a"]["estimate"] for one in study["verdicts"]["changed"]} == {None}


def test_claims_of_one_lab_alone_are_told_and_are_no_difference(paribus, answer, tmp_path):
    a, b = constructed(tmp_path / "a"), constructed(tmp_path / "b", claimed=(SAME,))
    (study,) = answer(a, b, code=0)["studies"]
    assert study["verdicts"] == {
        "same": 1,
        "changed": [],
        "only_a": [BETTER],
        "only_b": [],
    }
    assert f"claimed in A only: {BETTER}" in paribus("diff", a, b).out


def test_studies_of_one_lab_alone_are_told(paribus, answer, trained, copied):
    train(copied, name="more", replicates=1)
    found = answer(trained, copied, code=0)
    assert (found["only_a"], found["only_b"]) == ([], [{"study": "more", "scale": "full"}])
    assert "only in B: more (full)" in paribus("diff", trained, copied).out
    assert answer(trained, copied, "tiny", code=0)["only_b"] == []


def test_a_study_can_be_chosen_by_name_scale_or_file(answer, trained, copied, tmp_path):
    for chosen in (["tiny"], [tiny_file(tmp_path)], ["tiny", "--scale", "full"]):
        (study,) = answer(trained, copied, *chosen, code=0)["studies"]
        assert (study["study"], study["scale"]) == ("tiny", "full")


def test_a_study_without_runs_in_one_lab_has_nothing_to_compare(answer, trained, copied):
    changed(copied, ("PRAGMA foreign_keys = ON",), ("DELETE FROM runs",))
    (study,) = answer(trained, copied, code=0)["studies"]
    assert (study["runs"]["both"], study["runs"]["only_a"]) == (0, 4)


def test_numbers_that_are_not_finite_are_null(paribus, answer, tmp_path):
    a, b = constructed(tmp_path / "a"), constructed(tmp_path / "b")
    replaced(b)
    (study,) = answer(a, b, code=1)["studies"]
    (one,) = study["furthest"]
    assert (one["name"], one["distance"]) == ("test/loss", None)
    assert "not finite" in paribus("diff", a, b).out


def replaced(lab):
    """The first run with a last test loss that is no number."""
    with Catalogue.open(lab, create=False) as catalogue:
        key = catalogue.study("activations", "demo").members[0].key
        run = catalogue.run(key)
        for one in run.measurements:
            if one.name == "test/loss":
                one.values[-1] = float("nan")
        changed(lab, ("PRAGMA foreign_keys = ON",), ("DELETE FROM runs WHERE key = ?", key))
        catalogue.add_run(run)


def test_all_that_can_differ_is_told(capsys):
    show_difference(example_difference())
    told = capsys.readouterr().out
    for line in (
        "final weights, as a share of the largest     1  1e-07           relu, replicate 1 (4f0c)",
        "test/loss, last epoch                        1  0.5             relu, replicate 1 (4f0c)",
        "other measurements that differ: gradient/norm (1 run)",
        "relu        0.9000  0.8000  -0.100000 [-0.200000, 0.000000]  2",
        "measured in A only: gradient/norm",
        "measured in B only: units/dead",
        "claimed in A only: c",
        "claimed in B only: d",
        "made with JAX: 0.9.0 in A, 0.9.1 in B",
        "only in A: mine (full)",
        "only in B: hers (full)",
    ):
        assert line in told


def test_labs_are_left_as_they_are(paribus, trained, copied):
    before = [sorted(path.name for path in lab.iterdir()) for lab in (trained, copied)]
    content = [(lab / FILE).read_bytes() for lab in (trained, copied)]
    assert paribus("diff", trained, copied).code == 0
    assert [(lab / FILE).read_bytes() for lab in (trained, copied)] == content
    assert [sorted(path.name for path in lab.iterdir()) for lab in (trained, copied)] == before


def test_a_lab_of_an_older_schema_is_read(answer, trained, tmp_path):
    old = of_schema(3, trained, tmp_path / "old")
    (study,) = answer(old, trained, code=0)["studies"]
    assert study["runs"]["identical"] == 4


WRONG = {
    "no such lab": (
        "diff {here}/nowhere {here}/lab",
        ["LAB_A: got '{here}/nowhere'", "should be a folder with 'paribus.sqlite'"],
    ),
    "neither lab": (
        "diff {here}/nowhere {here}/lab/paribus.sqlite",
        ["2 faults", "LAB_A: got '{here}/nowhere'", "LAB_B: got '{here}/lab/paribus.sqlite'"],
    ),
    "the same lab twice": (
        "diff {here}/lab {here}/other/../lab",
        ["LAB_B: got '{here}/other/../lab', which is the same lab as LAB_A"],
    ),
    "the same lab by a link": ("diff {here}/lab {here}/link", ["the same lab as LAB_A"]),
    "one lab": ("diff {here}/lab", ["Missing argument 'LAB_B'"]),
    "no lab": ("diff", ["Missing argument 'LAB_A'"]),
    "too many": (
        "diff {here}/lab {here}/other tiny more",
        ["unexpected extra argument(s) (more)"],
    ),
    "a file that is no store": (
        "diff {here}/lab {here}/text",
        ["text/paribus.sqlite is not an SQLite database"],
    ),
    "an unknown study": (
        "diff {here}/lab {here}/other tny",
        [
            "no study of both labs named 'tny'; did you mean 'tiny'?",
            "lab holds mine (full), tiny (full). ",
            "other holds tiny (full).",
        ],
    ),
    "a study of one lab": (
        "diff {here}/lab {here}/other mine",
        ["no study of both labs named 'mine'; known: tiny. ", "other holds tiny (full)."],
    ),
    "an unknown scale": (
        "diff {here}/lab {here}/other tiny --scale ful",
        ["no scale of both labs named 'ful'; did you mean 'full'?"],
    ),
    "a file that is not there": (
        "diff {here}/lab {here}/other {here}/no.py",
        ["no study file '{here}/no.py'"],
    ),
    "labs that share nothing": (
        "diff {here}/lab {here}/stranger",
        ["no study is in both labs", "stranger holds hers (full)."],
    ),
    "a lab that holds nothing": ("diff {here}/lab {here}/empty", ["empty holds no study."]),
}


@pytest.fixture(scope="module")
def here(trained, tmp_path_factory):
    """Labs: `lab` with `tiny` and `mine`, `other` with `tiny`, `stranger` with `hers`."""
    here = tmp_path_factory.mktemp("wrong")
    for name in ("lab", "other"):
        shutil.copytree(trained, here / name)
    for lab, name in (("lab", "mine"), ("stranger", "hers")):
        with Catalogue.open(here / lab, create=True) as catalogue:
            catalogue.put_study(tiny_study(name=name).plan().entry)
    Catalogue.open(here / "empty", create=True).close()
    (here / "link").symlink_to(here / "lab")
    (here / "text").mkdir()
    (here / "text" / FILE).write_text("no store " * 200)
    return here


@pytest.mark.parametrize("name", WRONG)
def test_what_is_typed_wrong_is_told_in_one_message(paribus, here, name):
    typed, held = WRONG[name]
    said = paribus(*typed.format(here=here).split())
    assert said.code == 2
    assert said.out == ""
    assert "Traceback" not in said.err
    for part in held:
        assert part.format(here=here) in said.err
