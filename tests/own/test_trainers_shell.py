"""Commands as trainers: their words, what they print, how they fail and how they are stopped."""

import json
import sys
import time

import pytest

from paribus import Measured, Spec
from paribus.errors import DeclarationError, TrainerError
from paribus.functions import as_function
from paribus.trainers import shell
from paribus.trainers.shell import filled
from paribus.trainers.stopping import stopped_by


class Rule(Spec):
    rate: float = 0.1


class Descent(Spec):
    rule: Rule = Rule()
    name: str = "two words"
    sizes: tuple[int, ...] = (3, 4)


def python(code):
    return shell([sys.executable, "-c", code])


def test_fields_and_the_replicate_take_their_places():
    words = ["run", "--rate={rule.rate}", "{name}; rm -rf", "{sizes}", "{replicate}", "{{x}}"]
    found = filled(words, Descent(), 7)
    assert found == ["run", "--rate=0.1", "two words; rm -rf", "[3, 4]", "7", "{x}"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python train.py", "got 'python train.py'; should be a list of words"),
        ([], "got []; should be a list of words"),
        (["python", 3], "should be a list of words"),
        (["python", "{rate"], "got '{rate': "),
        (["python", "{}"], "should name a field between braces"),
        (["python", "{rate:.2f}"], "should name a field between braces"),
        (["python", "{rate!r}"], "should name a field between braces"),
    ],
)
def test_what_is_no_command_is_refused(command, said):
    with pytest.raises(DeclarationError) as caught:
        shell(command)
    assert said in str(caught.value)


def test_a_name_of_no_field_is_refused():
    with pytest.raises(DeclarationError) as caught:
        filled(["run", "{rule.speed}"], Descent(), 0)
    assert "{rule.speed}: names no field of the recipe; known: replicate, rule.rate" in str(
        caught.value
    )


def test_lines_are_what_was_measured(tmp_path):
    lines = [{"epoch": 1, "train/loss": 0.5}, {}, {"epoch": 2, "a/b": 1}]
    text = "\n".join(json.dumps(line) if line else "" for line in lines)
    (tmp_path / "print.py").write_text(f"print({text!r})")
    one, two = shell([sys.executable, str(tmp_path / "print.py")])(Descent(), 0)
    assert one == Measured(1, {"train/loss": 0.5})
    assert two.epoch == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('epoch 1')", "printed 'epoch 1'; a line is JSON, such as"),
        ("print(3)", "printed '3'; a line is JSON"),
        ("print('[]')", "printed '[]'; a line is JSON"),
        ("import sys; sys.exit('out of luck')", "ended with code 1: out of luck"),
        ("import os, signal; os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
    ],
)
def test_what_goes_wrong_is_told(code, said):
    with pytest.raises(TrainerError) as caught:
        list(python(code)(Descent(), 0))
    assert said in str(caught.value)


def test_a_program_that_is_not_there_is_told():
    with pytest.raises(TrainerError, match="the command 'no-such-program' cannot be run: No such"):
        list(shell(["no-such-program"])(Descent(), 0))


def test_a_stop_ends_the_command_and_what_it_has_started(tmp_path):
    child = f"import time; time.sleep(1); open({str(tmp_path / 'late')!r}, 'w')"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    begun = time.monotonic()
    with stopped_by(lambda: True):
        assert list(python(code)(Descent(), 0)) == []
    time.sleep(max(0.0, 2.5 - (time.monotonic() - begun)))
    assert not (tmp_path / "late").exists()


def test_closing_ends_the_command():
    code = 'import time; print(\'{{"epoch": 1, "a/b": 1}}\', flush=True); time.sleep(600)'
    running = python(code)(Descent(), 0)
    assert next(running) == Measured(1, {"a/b": 1})
    running.close()


def test_its_identity_is_its_words_and_the_files_that_they_name(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("one")

    def identity(*more):
        return as_function(shell(["python", str(script), *more])).digest

    first = identity()
    assert identity() == first
    assert identity("--fast") != first
    script.write_text("two")
    assert identity() != first
