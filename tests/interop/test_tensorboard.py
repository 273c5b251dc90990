import json
import subprocess
import sys

import numpy as np
import pytest

from interop.tracked_studies import HOSTILE, activations, catalogue_of, diverging, hostile
from interop.tracked_studies import ordinary_runs as runs_of
from paribus.errors import ParibusError
from paribus.interop.folders import folder_names
from paribus.interop.tensorboard import FILE, PLACES, write_events
from paribus.interop.tracked import read_study
from results.example_studies import ACTIVATIONS, entry

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
plugin_data = pytest.importorskip("tensorboard.plugins.hparams.plugin_data_pb2")

NAME = ("activations", "demo")


def written(catalogue, folder):
    with catalogue:
        study = read_study(catalogue, *NAME)
    return study, write_events(study, folder)


def read(folder):
    """An event folder as TensorBoard itself reads it."""
    found = accumulator.EventAccumulator(
        str(folder), size_guidance=accumulator.STORE_EVERYTHING_SIZE_GUIDANCE
    )
    found.Reload()
    return found


def hparams(folder):
    """What the HPARAMS tab is told by a run's events: the start and the end of a session."""
    found = read(folder).summary_metadata.values()
    contents = [plugin_data.HParamsPluginData.FromString(one.plugin_data.content) for one in found]
    start = next(one.session_start_info for one in contents if one.HasField("session_start_info"))
    end = next(one.session_end_info for one in contents if one.HasField("session_end_info"))
    return start, end


def test_tensorboard_reads_every_number_of_the_lab(tmp_path):
    catalogue = activations(2)
    with catalogue:
        entry_ = catalogue.study(*NAME)
        held = {key: [] for key in (member.key for member in entry_.members)}
        for key, one in catalogue.measurements(held):
            held[key].append(one)
        study = read_study(catalogue, *NAME)
    result = write_events(study, tmp_path)
    count = 0
    for member in entry_.members:
        label = f"activation={member.condition['activation']}"
        events = read(result.folder / label / f"replicate {member.replicate}")
        expected = {}
        for one in held[member.key]:
            if one.dims == ("epoch",):
                expected[one.name] = (one.coords["epoch"], one.values)
            elif one.dims == ("epoch", "layer"):
                for place, layer in enumerate(one.coords["layer"]):
                    expected[f"{one.name}/{layer}"] = (one.coords["epoch"], one.values[:, place])
        assert sorted(events.Tags()["scalars"]) == sorted(expected)
        for tag, (epochs, values) in expected.items():
            found = events.Scalars(tag)
            assert [one.step for one in found] == epochs.tolist()
            assert np.array_equal([one.value for one in found], values.astype(np.float32))
            count += len(found)
    assert (result.runs, result.numbers, result.not_finite) == (8, count, 0)
    assert count > 8 * 300


def test_a_condition_is_a_group_of_its_replicates_in_hparams(tmp_path):
    _, result = written(activations(2), tmp_path)
    starts = [
        hparams(result.folder / "activation=relu" / f"replicate {number}")[0] for number in (0, 1)
    ]
    assert [one.group_name for one in starts] == ["activation=relu"] * 2
    assert [one.hparams["activation"].string_value for one in starts] == ["relu"] * 2
    (found,) = read(result.folder).summary_metadata.values()
    content = plugin_data.HParamsPluginData.FromString(found.plugin_data.content).experiment
    assert [one.name for one in content.hparam_infos] == ["activation"]
    labels = [value.string_value for value in content.hparam_infos[0].domain_discrete.values]
    assert labels == ACTIVATIONS["labels"]
    metrics = [one.name.tag for one in content.metric_infos]
    assert metrics[0] == "test/accuracy"
    assert "gradient/norm/output" not in metrics


def test_labels_that_are_numbers_are_numbers_in_hparams(tmp_path):
    widths = {"name": "hidden", "labels": ["64", "128"], "sets": {}}
    study = entry([widths], 1)
    _, result = written(catalogue_of(study, runs_of(study)), tmp_path)
    start, _ = hparams(result.folder / "hidden=64" / "replicate 0")
    assert start.hparams["hidden"].number_value == 64


def test_a_diverged_run_is_apart_with_its_numbers_as_they_are(tmp_path):
    _, result = written(diverging(), tmp_path)
    start, end = hparams(result.folder / "activation=relu" / "replicate 1")
    assert (start.group_name, end.status) == ("activation=relu (diverged)", 2)
    values = read(result.folder / "activation=relu" / "replicate 1").Scalars("train/loss")
    assert np.isnan(values[-2].value)
    assert np.isposinf(values[-1].value)
    assert result.not_finite == 2


def test_any_label_stays_in_the_folder_and_apart(tmp_path):
    study, result = written(hostile(), tmp_path / "logs")
    places = json.loads((result.folder / PLACES).read_text())
    assert len({one["folder"].casefold() for one in places}) == len(HOSTILE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs"]
    for one in places:
        path = result.folder / one["folder"] / FILE
        assert path.resolve().is_relative_to((tmp_path / "logs").resolve())
        assert all(len(part.encode()) <= 255 for part in path.parts)
        assert "../<i>metric</i>" in read(path.parent).Tags()["scalars"]
    by_key = {one["key"]: one["condition"]["../<b>"] for one in places}
    assert by_key["hostile-1"] == "a/b"
    assert "\x1b" not in by_key["hostile-10"]
    assert len(study.runs) == len(HOSTILE)


def test_folders_differ_whatever_the_file_system():
    mimicked = folder_names(["k=a/b"])["k=a/b"]
    names = folder_names(["k=ReLU", "k=relu", "k=a/b", mimicked, mimicked.upper(), "k=0.1"])
    assert len({name.casefold() for name in names.values()}) == len(names)
    assert names["k=0.1"] == "k=0.1"


def test_a_second_export_is_the_same_bytes(tmp_path):
    _, result = written(activations(1), tmp_path)
    before = {path: path.read_bytes() for path in result.folder.rglob("*") if path.is_file()}
    written(activations(1), tmp_path)
    after = {path: path.read_bytes() for path in result.folder.rglob("*") if path.is_file()}
    assert len(before) == 4 + 2
    assert after == before


def test_runs_that_are_no_longer_the_studys_go_and_other_files_stay(tmp_path):
    _, result = written(activations(2), tmp_path)
    own = result.folder / "activation=relu" / "replicate 1" / "notes.txt"
    own.write_text("mine")
    written(activations(1), tmp_path)
    assert own.read_text() == "mine"
    assert sorted(path.parent.name for path in result.folder.glob(f"*/*/{FILE}")) == (
        ["replicate 0"] * 4
    )
    assert not (result.folder / "activation=gelu" / "replicate 1").exists()


def test_a_folder_that_cannot_be_written_is_one_clear_message(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ParibusError, match="cannot write"):
        written(activations(1), tmp_path / "file")


@pytest.mark.parametrize("module", ["tensorboard", "mlflow"])
def test_without_the_package_its_command_is_named(module):
    purpose = (
        "from paribus.interop.tensorboard import write_events as export; argument = Path('x')"
        if module == "tensorboard"
        else "from paribus.interop.mlflow import send_runs as export; argument = 'http://x.test'"
    )
    script = f"import sys; sys.modules[{module!r}] = None\nfrom pathlib import Path\n{purpose}\n"
    script += "export(None, argument)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert f"needs the package {module}" in said.stderr
    assert "pip install 'paribus[trackers]'" in said.stderr


def test_nothing_of_tensorflow_is_loaded(tmp_path):
    written(activations(1), tmp_path)
    assert "tensorflow" not in sys.modules
