"""Commands as trainers: their words, what they print, how they fail and how they are stopped."""

import json
import pickle
import sys
import time
from pathlib import Path

import psutil
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


EPOCH = '{{"epoch": 1, "a/b": 1}}'


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


def left_running(tmp_path):
    """Whether what a command has left behind still runs; its number is in a file."""
    number = int((tmp_path / "number").read_text())
    until = time.monotonic() + 10
    while time.monotonic() < until:  # one that was killed takes a moment
        try:
            if psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("first", ["", "trap '' TERM; "])
def test_what_a_command_leaves_behind_is_ended(tmp_path, first):
    code = f"{first}sleep 60 >/dev/null & echo $! >{tmp_path / 'number'}; echo '{EPOCH}'"
    assert list(shell(["bash", "-c", code])(Descent(), 0)) == [Measured(1, {"a/b": 1})]
    assert not left_running(tmp_path)


def test_a_command_is_over_when_it_has_ended(tmp_path):
    late = tmp_path / "late"
    command = shell(["bash", "-c", f"(sleep 4; touch {late}) & echo no >&2; exit 3"])
    with pytest.raises(TrainerError, match="the command 'bash' ended with code 3: no"):
        list(command(Descent(), 0))
    assert not late.exists()


def test_what_was_printed_before_the_end_is_read():
    lines = 'for one in $(seq 3000); do printf \'{{"epoch": %d, "a/b": 1}}\\n\' $one; done'
    part = f"printf '{EPOCH.replace('1', '3001', 1)}'"
    found = list(shell(["bash", "-c", f"sleep 60 & {lines}; {part}"])(Descent(), 0))
    assert [one.epoch for one in found] == list(range(1, 3002))


def test_a_stop_ends_what_a_command_has_left_behind(tmp_path):
    gone = tmp_path / "gone"
    code = f"sleep 60 & echo $! >{tmp_path / 'number'}; touch {gone}"
    with stopped_by(lambda: gone.exists() and time.time() - gone.stat().st_mtime > 0.3):
        assert list(shell(["bash", "-c", code])(Descent(), 0)) == []
    assert not left_running(tmp_path)


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


def digest(*words):
    return as_function(shell(words)).digest


@pytest.mark.parametrize(
    "words", [["{}"], ["{}", "--fast"], ["python", "--config={}"], ["nice", "{}"]]
)
def test_files_are_found_in_words_of_all_forms(tmp_path, words):
    file = tmp_path / "named"
    words = [word.format(file) for word in words]
    found = []
    for text in ("one", "two"):
        file.write_text(text)
        found.append(digest(*words))
    assert found[0] != found[1]


def test_programs_that_the_system_looks_for_are_known_by_their_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = digest("train")
    Path("train").write_text("another that it does not find")
    assert digest("train") == before
    assert shell(["/bin/sh", "-c", "exit"]).files == ()


def test_where_python_is_does_not_count():
    assert digest(sys.executable, "a.py") == digest("python", "a.py")
    assert digest("nice", sys.executable) == digest("nice", "python")
    code = f"import sys; assert sys.executable == {sys.executable!r}; print('{EPOCH}')"
    travelled = pickle.loads(pickle.dumps(python(code)))
    assert list(travelled(Descent(), 0)) == [Measured(1, {"a/b": 1})]


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A script that measures one epoch, in the folder where it is run."""
    monkeypatch.chdir(tmp_path)
    path = Path("train.py")
    path.write_text("""print('{"epoch": 1, "a/b": 1}', flush=True)""")
    return path


CHANGED = (
    r"^train\.py was changed since the study was planned: run the command again, which plans it "
    r"anew\. A file that the trainer writes should be named through a field$"
)


def test_a_file_that_changed_before_the_run_fails_it(script):
    trainer = shell([sys.executable, "train.py"])
    script.write_text("raise RuntimeError('this was run')")
    with pytest.raises(TrainerError, match=CHANGED):
        next(trainer(Descent(), 0))


def test_all_files_that_changed_are_told(script):
    Path("c.yaml").write_text("")
    trainer = shell([sys.executable, "train.py", "--config=c.yaml"])
    script.write_text("")
    Path("c.yaml").unlink()
    with pytest.raises(TrainerError, match=r"train\.py, c\.yaml were changed since"):
        next(trainer(Descent(), 0))


def test_a_file_that_changes_under_the_run_fails_it(script):
    running = shell([sys.executable, "train.py"])(Descent(), 0)
    assert next(running) == Measured(1, {"a/b": 1})
    script.write_text("")
    with pytest.raises(TrainerError, match=CHANGED):
        next(running)


def test_a_run_that_is_cut_short_fails_too_where_a_file_changed(script):
    running = shell([sys.executable, "train.py"])(Descent(), 0)
    next(running)
    script.write_text("")
    with pytest.raises(TrainerError, match=CHANGED):
        running.close()


def test_a_stop_asks_for_no_files(script):
    asked = []
    with stopped_by(lambda: bool(asked)):
        running = shell([sys.executable, "train.py"])(Descent(), 0)
        next(running)
        script.write_text("")
        asked.append(True)
        running.close()
