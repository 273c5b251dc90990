"""A process killed while it stores leaves whole runs, and the lab free."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from paribus.store import Catalogue
from paribus.store.catalogue import FILE
from store.example_runs import example_key, example_run

PROGRAM = Path(__file__).with_name("example_runs.py")


def test_killed_at_ten_random_moments_every_run_is_whole_and_there_once(lab):
    moments = random.Random(8)
    for _ in range(10):
        child = subprocess.Popen(
            [sys.executable, PROGRAM, lab], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert child.stdout.readline() == b"writing\n", child.stderr.read()
        time.sleep(moments.uniform(0, 0.03))
        child.kill()
        child.communicate()
        assert child.returncode == -signal.SIGKILL

    connection = sqlite3.connect(lab / FILE)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    connection.close()
    assert count >= 10
    with Catalogue.open(lab, create=False) as catalogue:
        assert len(catalogue.finished(map(example_key, range(count)))) == count
        for index in range(count):
            stored = catalogue.run(example_key(index))
            assert len(stored.measurements) == 3
            assert stored.artifacts == example_run(index).artifacts
