"""A live page in a process of its own, as the command starts it, and what it tells."""

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager


def paribus(*arguments):
    """The command line of `paribus` with these arguments."""
    code = "from paribus.cli.app import main; main()"
    return [sys.executable, "-c", code, *map(str, arguments)]


@contextmanager
def served(lab, *arguments):
    """The process, and its address."""
    process = subprocess.Popen(
        paribus("ui", "--lab", lab, "--port", "0", "--no-browser", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, (line, process.stderr.read())
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def told(answer):
    """What a stream of events tells, one message after the other."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
