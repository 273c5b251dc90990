"""`paribus export` as it is typed: what it says of where things went, and wrong typing."""

import pytest

from cli.conftest import paribus
from interop.tracked_studies import ordinary_runs
from paribus.store.catalogue import Catalogue
from results.example_studies import ACTIVATIONS, entry

__all__ = ["paribus"]


@pytest.fixture
def lab(tmp_path):
    study = entry([ACTIVATIONS], 1)
    folder = tmp_path / "lab"
    with Catalogue.open(folder, create=True) as catalogue:
        catalogue.put_study(study)
        for run in ordinary_runs(study, 3):
            catalogue.add_run(run)
    return folder


def test_tensorboard_says_where_how_much_and_how_to_look(paribus, lab, tmp_path):
    pytest.importorskip("tensorboard")
    logs = tmp_path / "my logs"
    said = paribus("export", "activations", "--lab", lab, "--to", "tensorboard", "--output", logs)
    assert (said.code, said.out.strip()) == (0, str(logs / "activations-demo"))
    assert "4 runs" in said.err
    assert "left out, for they are no series over epochs: test/confusion" in said.err
    assert f"tensorboard --logdir '{logs}/activations-demo'" in said.err


def test_format_is_the_same_option(paribus, lab, tmp_path):
    table = tmp_path / "out.csv"
    for option in ("--to", "--format"):
        said = paribus("export", "activations", "--lab", lab, option, "csv", "--output", table)
        assert said.code == 0
        assert said.out.splitlines()[0] == str(table)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "tensorbord"), "did you mean 'tensorboard'?"),
        (("--to", "xls"), "known: csv, mlflow, parquet, tensorboard"),
        (("--to", "mlflow", "--output", "x"), "--output: got a file, but MLflow is a server"),
        (("--to", "csv", "--tracking-uri", "http://x.test"), "--tracking-uri: is of --to mlflow"),
        (("--to", "mlflow", "--tracking-uri", "nowhere"), "allowed is the address"),
        (("--to", "mlflow", "--tracking-uri", "ftp://ada:secret@x.test"), "ftp://***@x.test"),
    ],
)
def test_wrong_ways_of_typing(paribus, lab, words, told):
    said = paribus("export", "activations", "--lab", lab, *words)
    assert said.code == 2
    assert told in said.err
    assert "secret" not in said.out + said.err


def test_mlflow_without_an_address_says_how_to_give_one(paribus, lab, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    said = paribus("export", "activations", "--lab", lab, "--to", "mlflow")
    assert said.code == 2
    assert "MLFLOW_TRACKING_URI" in said.err


def test_the_address_may_be_of_the_environment(paribus, lab, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "ftp://ada:secret@x.test")
    said = paribus("export", "activations", "--lab", lab, "--to", "mlflow")
    assert said.code == 2
    assert "got 'ftp://***@x.test'" in said.err


@pytest.mark.parametrize("tracker", ["tensorboard", "mlflow"])
def test_a_study_without_a_run_says_how_to_train_it(paribus, tmp_path, tracker):
    with Catalogue.open(tmp_path / "lab", create=True) as catalogue:
        catalogue.put_study(entry([ACTIVATIONS], 1))
    uri = ("--tracking-uri", "http://x.test") if tracker == "mlflow" else ()
    said = paribus("export", "activations", "--lab", tmp_path / "lab", "--to", tracker, *uri)
    assert said.code == 2
    assert "Train it with: paribus run activations" in said.err
