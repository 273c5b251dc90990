"""The `paribus` command inside the test's process: its entry point, without 2 s of start."""

from dataclasses import dataclass

import pytest

from paribus.cli.app import main


@dataclass(frozen=True)
class Said:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@pytest.fixture
def paribus(capsys):
    """Runs a command line, given as words."""

    def run(*words):
        with pytest.raises(SystemExit) as leaving:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return Said(leaving.value.code, captured.out, captured.err)

    return run
