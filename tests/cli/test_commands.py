"""What commands do and say to people."""

import json
import re

import pytest

from paribus.data.base import Source
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.example_study import FILE, tiny_file, tiny_study

SHALLOW = """\
from paribus.models.base import layers_of
from paribus.probes.base import Probe


class Shallow(Probe):
    QUANTITIES = {}

    kind: str = "shallow"

    def measure(self, snapshot):
        if len(layers_of(snapshot.network)) > 2:
            raise RuntimeError("too deep to measure")
        return {}


"""


def failing_file(folder, depths):
    """A study file with a probe that refuses deep networks."""
    study = FILE.format(epochs=1, replicates=1)
    study = study.replace(
        'Factor("optimizer.learning_rate", {"low": 0.01, "mid": 0.1, "high": 0.3})',
        f'Factor("model.hidden", {depths})',
    )
    path = folder / "failing.py"
    path.write_text(
        SHALLOW + study.replace("    replicates", "    probes=[Shallow()],\n    replicates")
    )
    return path


@pytest.fixture
def lab(tmp_path):
    """Holds the study `tiny`."""
    run_plan(make_plan(tiny_study().at(), Source()), RunOptions(lab=tmp_path / "lab"))
    return tmp_path / "lab"


def test_the_report_says_how_to_do_it_again_as_it_was_typed(paribus, tmp_path):
    typed = ("--set", "epochs=1", "--only", "learning_rate=low,high", "--replicates", 1)
    said = paribus("run", tiny_file(tmp_path), *typed, "--lab", tmp_path / "lab")
    assert said.code == 0, said.err
    page = (tmp_path / "lab" / "reports" / "tiny-full" / "report.html").read_text()
    command = (
        "paribus run tiny.py --scale full --set epochs=1 "
        "--only learning_rate=low,high --replicates 1"
    )
    assert f"<code>{command}</code></pre>" in page
    assert str(tmp_path) not in page


ODD = """\
from paribus import Factor, Recipe, Study, data, models, optimizers

STUDY = Study(
    name="odd",
    question="Are labels text?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hidden=(8,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=32,
        epochs=1,
    ),
    factors=[Factor("arm", {"[/relu]": {}, "L2, longer": {"epochs": 2}})],
    replicates=1,
)
"""


def test_labels_are_text_whatever_they_look_like(paribus, tmp_path):
    (tmp_path / "odd.py").write_text(ODD)
    shown = paribus("plan", tmp_path / "odd.py", "--lab", tmp_path / "lab")
    assert shown.code == 0, shown.err
    assert "[/relu]" in shown.out
    only = paribus(
        "run", tmp_path / "odd.py", "--only", "arm=L2, longer", "--lab", tmp_path / "lab"
    )
    assert only.code == 0, only.err
    assert "L2, longer" in only.out
    assert "[/relu]" not in only.out


def test_clean_says_how_many_runs_of_which_variants(paribus, tmp_path):
    file, lab = tiny_file(tmp_path, replicates=1), tmp_path / "lab"
    for more in (("--set", "epochs=1"), ()):
        assert paribus("run", file, *more, "--lab", lab).code == 0
    asked = paribus("clean", "tiny", "--lab", lab)
    assert asked.code == 2
    assert "Delete 3 runs of tiny (full) and 3 of earlier variants of it" in asked.err
    assert paribus("clean", "tiny", "--yes", "--lab", lab).out == "6 runs deleted\n"


def test_a_run_without_its_data_leaves_the_study_as_it_was(paribus, lab, tmp_path):
    before = paribus("table", "tiny", "--lab", lab, "--json")
    file = tiny_file(tmp_path)
    failed = paribus(
        *("run", file, "--set", 'data={"kind":"mnist"}', "--data-dir", tmp_path, "--lab", lab)
    )
    assert failed.code == 2
    assert paribus("table", "tiny", "--lab", lab, "--json") == before


def test_export_goes_by_the_file_name(paribus, lab, tmp_path):
    said = paribus("export", "tiny", "--output", tmp_path / "out.parquet", "--lab", lab)
    assert said.code == 0, said.err
    assert (tmp_path / "out.parquet").read_bytes()[:4] == b"PAR1"


def test_list_shows_every_study(paribus):
    said = paribus("list")
    assert said.code == 0
    for name in ("activations", "fashion-architectures", "loss-equivalence"):
        assert name in said.out


def test_plan_shows_parameters_time_and_bytes_and_makes_no_lab(paribus, tmp_path):
    said = paribus("plan", tiny_file(tmp_path), "--lab", tmp_path / "lab")
    assert said.code == 0, said.err
    assert re.search(r"learning_rate +replicates +parameters +steps per run", said.out)
    assert re.search(r"mid +2 +610 +90", said.out)
    assert "6 runs in 1 cohort: 6 to train, 0 already in the lab" in said.out
    assert re.search(r"time: (about|under) .*a calibration of about a second", said.out)
    assert re.search(r"bytes: [\d.]+ kB in the lab", said.out)
    assert not (tmp_path / "lab").exists()


def test_plan_counts_what_the_lab_holds(paribus, lab, tmp_path):
    said = paribus("plan", tiny_file(tmp_path), "--lab", lab)
    assert "6 runs in 1 cohort: 2 to train, 4 already in the lab" in said.out
    assert "4 earlier runs" in said.out


def test_run_ends_with_table_and_report(paribus, tmp_path):
    said = paribus("run", tiny_file(tmp_path), "--lab", tmp_path / "lab", "--cores", 1)
    assert said.code == 0, said.err
    assert re.search(r"learning_rate +n +diverged +test/accuracy", said.out)
    assert re.search(r"high +2 +0 +0\.\d{4} \[", said.out)
    assert "6 runs trained, 0 reused, 0 diverged, 0 failed" in said.out
    report = tmp_path / "lab" / "reports" / "tiny-full" / "report.html"
    assert said.out.splitlines()[-1] == f"report: {report}"
    assert report.is_file()
    assert "6 runs to train in 1 cohort" in said.err
    assert "6 of 6 runs, epoch 12 of 12" in said.err


def test_run_with_failures_keeps_the_others_and_ends_with_1(paribus, tmp_path):
    path = failing_file(tmp_path, {"flat": (8,), "deep": (8, 8)})
    said = paribus("run", path, "--lab", tmp_path / "lab")
    assert said.code == 1, said.err
    assert "1 run trained, 0 reused, 0 diverged, 1 failed" in said.out
    assert "failed: RuntimeError: too deep to measure" in said.out
    assert "failed: hidden=deep, replicate 0" in said.err

    status = paribus("status", "--lab", tmp_path / "lab")
    assert re.search(r"tiny +full +2 +1 +0 +1 +0", status.out)


def test_a_study_of_which_every_run_fails_has_no_report(paribus, tmp_path):
    path = failing_file(tmp_path, {"deep": (8, 8), "deeper": (8, 8, 8)})
    said = paribus("run", path, "--lab", tmp_path / "lab", "--json")
    assert said.code == 1, said.err
    outcome = json.loads(said.out)
    assert outcome["runs"]["failed"] == outcome["runs"]["total"] == 2
    assert outcome["report"] is None
    assert paribus("table", path, "--lab", tmp_path / "lab").code == 2


def test_status_shows_every_study(paribus, lab):
    said = paribus("status", "--lab", lab)
    assert said.code == 0
    assert re.search(r"study +scale +total +done +diverged +failed +running +time left", said.out)
    assert re.search(r"tiny +full +4 +4 +0 +0 +0 +-", said.out)


@pytest.mark.parametrize("given", ["name", "file"])
def test_table_of_a_study_by_name_and_by_file(paribus, lab, tmp_path, given):
    # The file is called otherwise than its study.
    path = tiny_file(tmp_path).rename(tmp_path / "my_study.py")
    said = paribus("table", {"name": "tiny", "file": path}[given], "--lab", lab)
    assert said.code == 0, said.err
    assert re.search(r"test/accuracy +test/loss +test/precision +test/recall", said.out)
    assert re.search(r"high +2 +0 +0\.\d{4} \[", said.out)


def test_report_is_written_where_it_is_wanted(paribus, lab, tmp_path):
    said = paribus("report", "tiny", "--lab", lab, "--output", tmp_path / "mine")
    assert (said.code, said.out) == (0, f"{tmp_path / 'mine' / 'report.html'}\n")
    assert (tmp_path / "mine" / "report.html").is_file()


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_export_says_what_it_wrote(paribus, lab, tmp_path, format_):
    output = tmp_path / f"numbers.{format_}"
    said = paribus("export", "tiny", "--lab", lab, "--format", format_, "--output", output)
    assert said.code == 0, said.err
    names = said.out.splitlines()
    assert names == [str(output), str(tmp_path / f"numbers-runs.{format_}")]
    assert all(tmp_path.joinpath(name).stat().st_size > 0 for name in names)


def test_clean_deletes_what_no_other_study_has(paribus, lab, tmp_path):
    paribus("run", tiny_file(tmp_path, replicates=1), "--lab", lab, "--set", "batch_size=64")
    other = tiny_study(name="other", replicates=1)
    run_plan(make_plan(other.at(), Source()), RunOptions(lab=lab))

    said = paribus("clean", "tiny", "--yes", "--lab", lab)
    assert (said.code, said.out) == (0, "5 runs deleted\n")
    assert "other" in paribus("status", "--lab", lab).out
    assert "n" in paribus("table", "other", "--lab", lab).out
    assert paribus("table", "tiny", "--lab", lab).code == 2


def test_help_names_every_command_and_a_first_run(paribus):
    said = paribus("--help")
    assert said.code == 0
    for command in ("list", "plan", "run", "status", "table", "report", "export", "data", "clean"):
        assert re.search(rf"^  {command} ", said.out, re.MULTILINE)
    assert "paribus run activations" in said.out
