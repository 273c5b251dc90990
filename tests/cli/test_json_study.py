"""A study in JSON, and its JSON Schema: both say the same of every declaration."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from paribus import studies
from paribus.cli.arguments import find_study
from paribus.errors import DeclarationError, StudyFileError
from paribus.study.schema import MEANINGS, study_schema
from paribus.study.study import Study
from paribus.training.recipe import Recipe

MINE = {
    "$schema": "study.schema.json",
    "name": "mine",
    "question": "Which width?",
    "recipe": {
        "data": {"kind": "digits"},
        "model": {"kind": "mlp", "hidden": [8]},
        "optimizer": {"kind": "sgd", "learning_rate": 0.1},
        "batch_size": 64,
        "epochs": 1,
    },
    "factors": [{"path": "model.hidden", "levels": {"narrow": [4], "wide": [16]}}],
    "replicates": 2,
    "probes": [{"kind": "gradient_norm", "when": {"kind": "at_end"}}],
    "analyses": [{"kind": "epoch_time", "repeats": 1}],
    "claims": [{"kind": "better", "metric": "test/loss", "first": "wide", "second": "narrow"}],
    "figures": [{"kind": "learning_curves", "metric": "train/loss"}],
    "scales": {"demo": {"set": {"epochs": 1}}, "full": {"set": {"epochs": 2}}},
    "reported": None,
}
DELETED = object()
# What is changed in the file, where; the message, and whether an editor sees it too.
FAULTS = {
    "a misspelt field": (["questoin"], "x", "questoin: unknown field 'questoin'; did you", True),
    "a missing field": (["question"], DELETED, "question: missing; it has no default", True),
    "a field of a recipe": (["recipe", "epoch"], 1, "recipe.epoch: unknown field 'epoch'", True),
    "too few epochs": (["recipe", "epochs"], 0, "recipe.epochs: got 0; should be greater", True),
    "text for a number": (["recipe", "epochs"], "3", "recipe.epochs: got '3'; should be", True),
    "no such model": (["recipe", "model", "kind"], "mpl", "recipe.model: got {'kind': 'm", True),
    "no kind": (["recipe", "optimizer", "kind"], DELETED, "recipe.optimizer: got {'lea", True),
    "no kind, though one fits": (["probes", 0, "when"], {"count": 2}, "0.when: got {'cou", True),
    "no such probe": (["probes", 0, "kind"], "gradient", "probes.0: got {'kind': 'gra", True),
    "a field of a probe": (["probes", 0, "wen"], 1, "probes.0.wen: unknown field 'wen'", True),
    "a probe that is none": (["probes", 0], 3, "probes.0: got 3; allowed here: Probe", True),
    "an analysis": (["analyses", 0, "nam"], "a", "analyses.0.nam: unknown field 'nam'", True),
    "a claim": (["claims", 0, "frist"], "a", "claims.0.frist: unknown field 'frist'; did", True),
    "a figure": (["figures", 0, "metric"], DELETED, "figures.0.metric: missing", True),
    "a factor's field": (["factors", 0, "nam"], "x", "factors.0.nam: unknown field 'nam'", True),
    "a factor's levels": (["factors", 0, "levels"], 3, "factors.0.levels: got 3; should", True),
    "a trainer": (["trainer"], "train.py", "trainer: got 'train.py'", True),
    "a level's value": (["factors", 0, "levels", "wide"], ["a"], "factors.hidden.wide: m", False),
    "an unknown path": (["factors", 0, "path"], "model.hiden", "did you mean 'hidden'", False),
    "a label of a claim": (["claims", 0, "first"], "wid", "did you mean 'wide'", False),
}


def written(path, document):
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def changed(place, value):
    document = deepcopy(MINE)
    *above, last = place
    here = document
    for step in above:
        here = here[step]
    if value is DELETED:
        del here[last]
    else:
        here[last] = value
    return document


@pytest.fixture(scope="module")
def schema():
    return study_schema()


@pytest.fixture(scope="module")
def editor(schema):
    """What an editor does with the schema: says whether a document is valid."""
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name", studies.NAMES)
def test_every_built_in_study_can_be_written_and_read(name, editor):
    study = studies.named(name)
    document = json.loads(json.dumps(study.as_json(), allow_nan=False))
    assert not [error.message for error in editor.iter_errors(document)]
    again = Study(**document)
    for scale in study.scale_names:
        assert again.at(scale).document() == study.at(scale).document()
        assert again.at(scale).replicate_numbers == study.at(scale).replicate_numbers


def test_a_study_in_json_is_planned_run_and_judged(tmp_path, paribus):
    path = written(tmp_path / "mine.json", MINE)
    lab = ("--lab", tmp_path / "lab", "--json")
    ran = paribus("run", path, *lab)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out.splitlines()[-1])["runs"]["trained"] == 4
    found = json.loads(paribus("findings", path, *lab).out)
    assert [one["claim"] for one in found] == [find_study(str(path)).claims[0].sentence()]
    report = Path(json.loads(ran.out.splitlines()[-1])["report"]).read_text(encoding="utf-8")
    assert "paribus run mine.json --scale demo" in report


def test_it_is_the_study_that_python_would_declare(tmp_path):
    study = find_study(str(written(tmp_path / "mine.json", MINE)))
    fields = {name: value for name, value in MINE.items() if name != "$schema"}
    assert study == Study(**fields)
    assert [type(probe).__name__ for probe in study.probes] == ["GradientNorm"]
    assert study.factors[0].labels == ("narrow", "wide")


def test_levels_that_are_objects_are_left_as_they_are():
    """A second factor sets a field within what the first sets whole."""
    levels = {"a": {"model": {"kind": "mlp", "hidden": [4], "activation": "tanh"}}}
    study = Study(
        **{name: MINE[name] for name in ("name", "question", "recipe")},
        factors=[
            {"path": "arm", "levels": levels},
            {"path": "model.hidden", "levels": {"8": [8], "16": [16]}},
        ],
    )
    models = [recipe.model for _, recipe in study.at().resolved()]
    assert [model.hidden for model in models] == [(8,), (16,)]
    assert {model.activation for model in models} == {"tanh"}
    assert levels["a"]["model"]["hidden"] == [4]


@pytest.mark.parametrize(("place", "value", "message", "seen"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_told(tmp_path, editor, place, value, message, seen):
    document = changed(place, value)
    path = written(tmp_path / "mine.json", document)
    with pytest.raises(StudyFileError) as told:
        find_study(str(path))
    assert str(told.value).startswith(f"{path}: Study")
    assert message in str(told.value)
    assert editor.is_valid(document) is not seen


def test_all_faults_are_told_together(tmp_path, paribus):
    document = changed(["probes", 0, "wen"], 1) | {"replicates": 0, "desing": "x"}
    said = paribus("plan", written(tmp_path / "mine.json", document))
    assert said.code == 2
    assert "mine.json: Study: 3 faults" in said.err


@pytest.mark.parametrize(
    ("content", "message"),
    {
        "text": (b"name: mine", "line 1, column 1: not JSON: Expecting value"),
        "cut off": (b'{\n  "name": "x",\n', "line 3, column 1: not JSON"),
        "nothing": (b"", "line 1, column 1: not JSON"),
        "an array": (b"[1]", "holds a list, not the fields of a study"),
        "null": (b"null", "holds a NoneType, not the fields of a study"),
        "a field twice": (b'{"name": "a", "name": "b"}', "'name' stands twice in one object"),
        "no number": (b'{"replicates": NaN}', "got NaN; should be a finite number"),
        "a long number": (b"1" * 5000, "not JSON: Exceeds the limit"),
        "bytes": (b"\xff\xfe", "not JSON: 'utf-8' codec can't decode"),
        "depth": (b"[" * 100_000, "nested too deeply"),
        "an empty object": (b"{}", "name: missing; it has no default"),
    }.values(),
)
def test_what_is_no_json_is_told(tmp_path, paribus, content, message):
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    said = paribus("plan", path)
    assert said.code == 2
    assert message in said.err
    assert said.err.startswith("error: ")


def test_a_file_of_windows_is_read(tmp_path):
    path = tmp_path / "mine.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(MINE).encode().replace(b"\n", b"\r\n"))
    assert find_study(str(path)).name == "mine"


def test_a_file_that_is_not_there_is_told(tmp_path, paribus):
    said = paribus("plan", "none.json")
    assert said.code == 2
    assert "no study file 'none.json': there is no such file" in said.err


def test_the_command_prints_the_schema(paribus, schema):
    said = paribus("schema")
    assert said.code == 0
    assert json.loads(said.out) == schema


def test_the_command_writes_the_schema(tmp_path, paribus, schema):
    path = tmp_path / "study.schema.json"
    said = paribus("schema", "--output", path)
    assert (said.code, said.out.strip()) == (0, str(path))
    assert json.loads(path.read_text(encoding="utf-8")) == schema


def test_a_schema_that_cannot_be_written_is_told(tmp_path, paribus):
    said = paribus("schema", "--output", tmp_path / "none" / "s.json")
    assert said.code == 2
    assert "cannot be written: No such file or directory" in said.err
    assert "--output" in said.err


def test_a_recipe_has_a_schema_of_its_own():
    own = Recipe.model_json_schema()
    Draft202012Validator.check_schema(own)
    assert Draft202012Validator(own).is_valid(MINE["recipe"])


@pytest.mark.parametrize("name", MEANINGS)
def test_every_field_that_an_editor_shows_is_described(name, schema):
    declared = schema if name == "Study" else schema["$defs"][name]
    known = {field for field in declared["properties"] if field != "$schema"}
    assert known == set(MEANINGS[name])


def test_every_declaration_is_described(schema):
    bare = [name for name, one in schema["$defs"].items() if not one.get("description")]
    assert not bare


def test_python_takes_dicts_too_and_tells_their_faults():
    with pytest.raises(DeclarationError, match=r"factors\.0: got 3; should be"):
        Study(**{name: MINE[name] for name in ("name", "question", "recipe")}, factors=[3])


def test_the_study_that_the_docs_show_is_one(editor):
    page = (Path(__file__).parents[2] / "docs" / "install.md").read_text(encoding="utf-8")
    document = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert editor.is_valid(document)
    study = Study(**{name: value for name, value in document.items() if name != "$schema"})
    assert study.factors[0].labels == ("narrow", "wide")
