"""`paribus register`: what it prints, what it changes for `plan` and `run`, what it refuses."""

import json

import pytest

from paribus.spec import digest
from paribus.store import Catalogue

FILE = """\
from paribus import Factor, Recipe, Study, claims, data, models, optimizers

STUDY = Study(
    name="tiny",
    question="Which rate?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hidden=(8,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=32,
        epochs=1,
    ),
    factors=[Factor("optimizer.learning_rate", {"low": 0.01, "high": 0.3})],
    claims=[CLAIMS],
    replicates=REPLICATES,
)
"""
BETTER = 'claims.Better("test/accuracy", "high", "low", margin=0.02)'


@pytest.fixture
def lab(tmp_path):
    return tmp_path / "lab"


@pytest.fixture
def study(tmp_path):
    """Writes the study's file."""

    def write(said=BETTER, replicates="2"):
        path = tmp_path / "tiny.py"
        path.write_text(FILE.replace("CLAIMS", said).replace("REPLICATES", replicates))
        return path

    return write


def test_a_plan_can_be_handed_in(paribus, study, lab):
    said = paribus("register", study(replicates="(2, 4)"), "--lab", lab)
    assert said.code == 0, said.err
    with Catalogue.open(lab, create=False) as catalogue:
        (made,) = catalogue.registrations("tiny", "full")
        assert catalogue.studies() == []
    assert said.out.splitlines()[0] == "# Plan of tiny, scale full"
    for line in (
        "Which rate?",
        f"- registered: {made.at}",
        f"- digest: {made.digest}",
        f"- salt of the seeds: {made.salt}",
        "- optimizer: sgd: learning rate varies",
        "- epochs: 1",
        "- learning rate: low, high",
        "- design: factorial",
        "| 1 | 2 | 0.0310 |",
        "| 2 | 4 | 0.0190 |",
        "1. high reaches a higher test accuracy than low, by more than 2 points.",
        "   (better; test/accuracy; epoch: last; margin 0.02)",
        "- level: 0.05 for the study",
        "- correction: Holm over the links of all registered claims",
        "    paribus run tiny.py --scale full",
    ):
        assert any(found.startswith(line) for found in said.out.splitlines()), line
    assert len(said.out.splitlines()) < 60  # one page


def test_as_json_it_holds_all_that_is_hashed(paribus, study, lab):
    said = paribus("register", study(), "--set", "epochs=2", "--lab", lab, "--json")
    (line,) = said.out.splitlines()
    found = json.loads(line)
    assert set(found) == {"study", "scale", "digest", "at", "salt", "content"}
    assert found["content"]["recipe"]["epochs"] == 2
    assert found["digest"] == digest(found["content"])


def test_a_plan_asks_for_no_data(paribus, lab, tmp_path):
    said = paribus("register", "fashion-architectures", "--scale", "full", "--lab", lab)
    assert said.code == 0, said.err


def test_plan_and_run_know_it(paribus, study, lab):
    def keys():
        said = paribus("plan", study(), "--lab", lab, "--json")
        return {run["key"] for run in json.loads(said.out)["runs"]}

    plain = keys()
    assert paribus("run", study(), "--lab", lab).code == 0
    assert paribus("register", study(), "--lab", lab).code == 0
    assert not keys() & plain
    assert "4 to train, 0 already in the lab" in paribus("plan", study(), "--lab", lab).out
    said = paribus("run", study(), "--lab", lab)
    assert "4 runs trained, 0 reused" in said.out
    assert "exploratory" not in said.out
    with Catalogue.open(lab, create=False) as catalogue:
        members = catalogue.study("tiny", "full").members
    assert {member.key for member in members} == keys()
    assert [member.replicate for member in members] == [0, 1, 0, 1]


def test_run_says_which_claims_are_exploratory_and_clean_keeps_the_record(paribus, study, lab):
    assert "note: " not in paribus("run", study(), "--lab", lab).out
    said = paribus("run", study(f"{BETTER[:-1]}, layer=None), {BETTER}"), "--lab", lab)
    assert "exploratory" not in said.out  # the same, twice
    said = paribus("run", study(BETTER.replace("0.02", "0.03")), "--lab", lab)
    assert "note: 1 of 1 claims are exploratory: the lab held runs" in said.out
    assert paribus("clean", "tiny", "--yes", "--lab", lab).code == 0
    with Catalogue.open(lab, create=False) as catalogue:
        assert catalogue.studies() == []
        assert len(catalogue.registrations("tiny", "full")) == 1


# What is typed after a registration of the study as it stands, with what is said of it.
WRONG = {
    "twice": ("{file}", ["is registered in lab", "already: at 20", "with another --lab"]),
    "twice, with other fields": ("{file} --set epochs=3", ["already: at 20", "digest "]),
    "unknown study": ("tny", ["no study named 'tny'; known: activations"]),
    "unknown scale": ("{file} --scale demo", ["no scale of study 'tiny' named 'demo'"]),
    "unknown field": ("{file} --set epoch=3", ["unknown field 'epoch'; did you mean 'epochs'?"]),
    "no = in a field": ("{file} --set epochs", ["got 'epochs'; should be field=value"]),
    "unknown level": ("{file} --only learning_rate=lw", ["named 'lw'; did you mean 'low'"]),
    "no replicates": ("{file} --replicates 0", ["replicates: got 0; should be greater than 0"]),
    "half a replicate": ("{file} --replicates 2.5", ["Invalid value for '--replicates'"]),
    "replicates between looks": (
        "{file} --replicates 3",
        ["replicates: got 3; the study looks at 2, 4 replicates: give one of them"],
    ),
    "levels that no claim is left for": (
        "{file} --only learning_rate=low",
        ["claims: none that can be tested: there is nothing to register"],
    ),
    "a study without claims": ("{silent}", ["claims: none that can be tested", "Declare what"]),
    "a lab that is a file": ("{silent} --lab {silent}", ["claims: none that can be tested"]),
    "a lab that is a file, with claims": ("{file} --lab {file}", ["is a file", "--lab"]),
    "no study": ("", ["Missing argument", "STUDY"]),
    "unknown option": ("{file} --cores 2", ["No such option"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_registered_is_told_in_one_message(paribus, study, lab, tmp_path, name):
    typed, expected = WRONG[name]
    silent = tmp_path / "silent.py"
    silent.write_text(study(said="").read_text())
    path = study(replicates="(2, 4)")
    assert paribus("register", path, "--lab", lab).code == 0
    words = [word.format(file=path, silent=silent) for word in typed.split()]

    said = paribus("register", *([] if "--lab" in words else ["--lab", lab]), *words)

    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err
    for text in expected:
        assert text in said.err
    with Catalogue.open(lab, create=False) as catalogue:
        assert len(catalogue.registrations("tiny", "full")) == 1
