"""The log of a command: one file of JSON lines, nothing private in it, never in the way."""

import json
import logging
import os
from pathlib import Path

import pytest

from paribus.cli.logs import FOLDER, KEPT, logging_to
from paribus.errors import LabError
from study.example_study import tiny_file

LOG = logging.getLogger("paribus.test")


def lines_of(folder):
    (path,) = (folder / FOLDER).iterdir()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_is_told_from_command_to_exit_code(paribus, tmp_path):
    lab = tmp_path / "lab"
    said = paribus("run", tiny_file(tmp_path, replicates=1), "--lab", lab)
    assert said.code == 0
    lines = lines_of(lab)
    events = [line["event"] for line in lines]
    assert events[:2] == ["started", "planned"]
    assert (events.count("run started"), events.count("run finished")) == (3, 3)
    assert lines[0]["facts"]["versions"].keys() >= {"paribus", "jax", "python"}
    assert events[-1] == "ended"
    assert lines[-1]["facts"]["exit code"] == 0
    assert lines[-1]["facts"]["trained"] == 3
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)
    assert {line["level"] for line in lines} == {"info"}
    assert all(line["time"].endswith("+00:00") for line in lines)


def test_a_command_that_is_refused_before_it_runs_leaves_no_log(paribus, tmp_path):
    assert paribus("run", "no-such-study", "--lab", tmp_path / "lab").code == 2
    assert not (tmp_path / "lab").exists()


@pytest.mark.parametrize(
    ("error", "event", "level"),
    [
        (KeyboardInterrupt(), "interrupted", "warning"),
        (LabError("gone"), "refused", "error"),
        (ValueError("a fault of ours"), "crashed", "error"),
    ],
)
def test_an_error_is_the_last_word_and_goes_on(tmp_path, error, event, level):
    with pytest.raises(type(error)), logging_to(tmp_path, ["run"]):
        raise error
    last = lines_of(tmp_path)[-1]
    assert (last["event"], last["level"]) == (event, level)


def test_a_crash_is_told_with_where_it_was(tmp_path):
    with pytest.raises(ValueError, match="a fault of ours"), logging_to(tmp_path, ["run"]):
        raise ValueError("a fault of ours")
    assert "test_logs.py" in lines_of(tmp_path)[-1]["facts"]["traceback"]


def test_nothing_private_is_written(tmp_path):
    home = str(Path.home())
    with logging_to(tmp_path, ["run", "--lab", "postgresql://ada:secret@example.org/lab"]):
        LOG.info("read %s/images", home, extra={"facts": {f"{home}/x": ["/home/ada/y"]}})
    (path,) = (tmp_path / FOLDER).iterdir()
    text = path.read_text(encoding="utf-8")
    assert "secret" not in text
    assert "ada" not in text
    assert f'"{home}' not in text
    assert "~/images" in text


def test_facts_that_json_has_no_word_for_are_written_as_text(tmp_path):
    with logging_to(tmp_path, ["run"]):
        LOG.info("odd", extra={"facts": {"folder": Path("data"), "half": "\ud800"}})
    assert lines_of(tmp_path)[-1]["facts"] == {"folder": "data", "half": "\ufffd"}


def test_the_last_logs_are_kept_and_files_of_others(tmp_path):
    logs = tmp_path / FOLDER
    logs.mkdir()
    for number in range(KEPT + 5):
        (logs / f"20200101T0000{number:02}Z-1.jsonl").touch()
    (logs / "mine.txt").touch()
    with logging_to(tmp_path, ["run"]):
        pass
    left = sorted(path.name for path in logs.iterdir())
    assert len(left) == KEPT + 1
    assert left[0] == "20200101T000006Z-1.jsonl"
    assert left[-1] == "mine.txt"


def test_where_no_log_can_be_written_the_command_goes_on(tmp_path, capfd):
    (tmp_path / FOLDER).write_text("a file in the way")
    with logging_to(tmp_path, ["run"]):
        LOG.error("said to nobody")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_stops_nothing_and_prints_nothing(tmp_path, capfd):
    logs = tmp_path / FOLDER
    logs.mkdir()
    with logging_to(tmp_path, ["run"]):
        (path,) = logs.iterdir()
        handler = logging.getLogger("paribus").handlers[-1]
        os.dup2(os.open("/dev/full", os.O_WRONLY), handler.stream.fileno())
        LOG.info("x" * 100_000)
    assert path.exists()
    assert capfd.readouterr() == ("", "")


def test_afterwards_nothing_more_is_written(tmp_path):
    with logging_to(tmp_path, ["run"]):
        pass
    LOG.error("too late")
    assert [line["event"] for line in lines_of(tmp_path)] == ["started"]
