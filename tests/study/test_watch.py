"""What is told to the loggers of a running study, and that nothing is printed of it."""

import logging
import subprocess
import sys

from paribus import Factor
from study.example_study import tiny_study


def test_every_run_is_told_with_its_facts(train, caplog):
    with caplog.at_level(logging.INFO, "paribus.study"):
        train(tiny_study(), replicates=1)
    told = [(record.getMessage(), record.facts) for record in caplog.records]
    assert [what for what, _ in told].count("run started") == 2
    assert told[0][0] == "planned"
    assert {"study": "tiny", "scale": "full", "to train": 2, "cohorts": 1}.items() <= dict(
        told[0][1]
    ).items()
    finished = [facts for what, facts in told if what == "run finished"]
    assert [facts["condition"] for facts in finished] == [
        {"learning_rate": "low"},
        {"learning_rate": "high"},
    ]
    assert all(facts["seconds"] > 0 and len(facts["key"]) == 64 for facts in finished)


def test_a_run_that_diverges_is_told_as_such(train, caplog):
    wild = Factor("optimizer.learning_rate", {"wild": 1e30})
    with caplog.at_level(logging.INFO, "paribus.study"):
        train(tiny_study(factors=[wild]), replicates=1)
    assert "run diverged" in caplog.messages


def test_without_loggers_of_the_user_nothing_is_printed():
    program = "import logging, paribus; logging.getLogger('paribus.study').error('lost')"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == ("", "")
