"""What the program `paribus` does to Python's search for garbage does not reach a user's code."""

import gc
import json
import subprocess
import sys

import pytest

from cli.processes import finish, start
from study.example_study import tiny_file

KEEPING = """
import gc, json

class Keeping:
    def __init__(self):
        self.file = open({path!r}, "w")
        self.itself = self  # so that only a search for garbage closes the file

kept = Keeping()

def note(text):
    kept.file.write(text)

note(json.dumps(gc.get_threshold()))
"""


@pytest.fixture(scope="module")
def usual():
    done = subprocess.run(
        [sys.executable, "-c", "import gc; print(gc.get_threshold())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_study_file_has_what_it_left_closed(tmp_path, usual):
    path, written = tiny_file(tmp_path), tmp_path / "written.json"
    path.write_text(path.read_text() + KEEPING.format(path=str(written)))
    code, _, err = finish(start("plan", path, "--lab", tmp_path / "lab"))
    assert code == 0, err
    assert str(tuple(json.loads(written.read_text()))) == usual


def test_garbage_of_a_process_that_only_imports_paribus_is_its_own(usual):
    import paribus.cli.app  # noqa: F401, PLC0415 - what must not matter

    assert str(gc.get_threshold()) == usual
