import pandas as pd
import pytest

from paribus.errors import ParibusError, UnknownNameError
from paribus.results.export import export
from results.example_studies import activations, regression

READ = {"csv": pd.read_csv, "parquet": pd.read_parquet}


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_files_hold_the_tables(tmp_path, format):
    results = activations(2)
    files = export(results, tmp_path / "new" / f"out.{format}", format)
    assert [file.name for file in files] == [
        f"out.{format}",
        f"out-runs.{format}",
        f"out-layers.{format}",
    ]
    metrics, runs, layers = (READ[format](file) for file in files)
    assert metrics.columns.tolist() == ["activation", "replicate", "epoch", "metric", "value"]
    assert metrics["value"].tolist() == results.metrics["value"].tolist()
    assert runs["key"].tolist() == results.runs["key"].tolist()
    assert len(layers) == len(results.layers)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(
        file.name for file in files
    )


def test_no_layers_no_file(tmp_path):
    assert len(export(regression(), tmp_path / "out.csv", "csv")) == 2


def test_unknown_format_lists_the_known(tmp_path):
    with pytest.raises(UnknownNameError, match="csv, parquet"):
        export(activations(1), tmp_path / "out.xls", "xls")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_clear_message(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(ParibusError, match="cannot write"):
        export(activations(1), blocker / "out.csv", "csv")
