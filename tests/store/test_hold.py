import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from paribus.errors import LabHeldError, LabUnwritableError
from paribus.store import Catalogue, hold
from paribus.store.hold import LOCK, NOTE

HOLDER = """
import sys
from pathlib import Path
from paribus.store import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(lab):
    """Another process that holds the lab until its stdin ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, lab, "run", "my study"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout.readline() == b"held\n"
        yield child
        child.stdin.close()


def test_the_second_command_is_told_who_holds_the_lab(lab):
    with holder(lab) as child:
        with pytest.raises(LabHeldError) as raised, hold(lab):
            pass
        pattern = (
            rf"lab {re.escape(str(lab))} is held by process {child.pid} \(`.* run 'my study'`\) "
            r"on \S+ since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S+\. "
            r"Wait for it, stop it, or use another --lab\."
        )
        assert re.fullmatch(pattern, str(raised.value))
    with hold(lab):
        pass


def test_a_killed_holder_holds_no_more(lab):
    with holder(lab) as child:
        child.kill()
        assert child.wait() == -signal.SIGKILL
        assert json.loads((lab / NOTE).read_text())["pid"] == child.pid
        with hold(lab):
            assert json.loads((lab / NOTE).read_text())["pid"] == os.getpid()
    assert not (lab / NOTE).exists()


@pytest.mark.parametrize("note", [None, "", "[]", '{"pid": 1}'])
def test_a_holder_without_a_readable_note_is_still_told(lab, note):
    with hold(lab):
        if note is None:
            (lab / NOTE).unlink()
        else:
            (lab / NOTE).write_text(note)
        with pytest.raises(LabHeldError, match="another process, which has not said"), hold(lab):
            pass


def test_an_error_lets_go_of_the_lab(lab):
    with pytest.raises(ZeroDivisionError), hold(lab):
        raise ZeroDivisionError
    with hold(lab):
        pass


def test_a_held_lab_can_be_read_and_written_by_others(lab):
    with holder(lab), Catalogue.open(lab, create=True) as catalogue:
        assert catalogue.studies() == []


def test_a_lab_that_cannot_be_written_cannot_be_held(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LabUnwritableError, match="cannot be written"), hold(tmp_path / "file/lab"):
        pass
    (tmp_path / "lab" / LOCK).mkdir(parents=True)
    with pytest.raises(LabUnwritableError, match="cannot be written"), hold(tmp_path / "lab"):
        pass
