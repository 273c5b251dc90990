"""Everything that a user can get wrong: exit code 2, one message, no traceback."""

import hashlib
import shutil
import sqlite3

import pytest

from cli.processes import finish, start
from paribus.data.base import Source
from paribus.data.files import VARIABLE
from paribus.data.idx_images import FASHION_MNIST_FILES
from paribus.store.catalogue import FILE
from paribus.store.hold import hold
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.example_study import FILE as STUDY_FILE
from study.example_study import tiny_file, tiny_study

STUDY_FILES = {
    "syntax.py": "STUDY = Study(\n    name='x'\n    question='y')\n",
    "raising.py": "\n\nimport nothing_of_this_name\n",
    "deep.py": "def rate():\n    return 1 / 0\n\n\nRATE = rate()\n",
    "without.py": "STUDIES = []\n",
    "wrong.py": "STUDY = {'name': 'x'}\n",
    "leaves.py": "import sys\n\nsys.exit(0)\n",
    "notes.txt": "STUDY\n",
    "empty.py": "",
    "faulty.py": STUDY_FILE.format(epochs=2, replicates=-1).replace(
        'question="Which rate?"', 'questoin="Which rate?", design="latin"'
    ),
    "levels.py": STUDY_FILE.format(epochs=2, replicates=1).replace(
        'factors=[Factor("optimizer.learning_rate", {"low": 0.01, "mid": 0.1, "high": 0.3})]',
        'factors=[Factor("optimizer.learning_rte", [0.1]), Factor("model.hidden", {"x": "wide"}),'
        ' Factor("epochs", [0])]',
    ),
}

# What is typed, and what the message must hold: what is wrong, what was got, what is allowed or
# what to do. {here} is a folder with the study files and the lab `lab`, where `tiny` is stored.
WRONG = {
    "unknown study": (
        "run actvations --lab {here}/new",
        ["no study named 'actvations'; did you mean 'activations'", "`paribus list` shows all"],
    ),
    "unknown study, nothing near": (
        "run zzz --lab {here}/new",
        ["no study named 'zzz'; known: activations, augmentation, batch-size", "my_study.py"],
    ),
    "unknown workers": (
        "run activations --on rey --lab {here}/new",
        ["--on", "'rey' is not one of 'threads', 'processes', 'ray'"],
    ),
    "an address of nothing": (
        "run activations --address 10.0.0.5:6379 --lab {here}/new",
        ["address: got '10.0.0.5:6379' with on='threads'; only a Ray cluster has one"],
    ),
    "no cluster there": (
        "run activations --on ray --address 127.0.0.1:1 --lab {here}/new",
        ["no Ray cluster answers at 127.0.0.1:1", "`ray start --head`", "leave out --on ray"],
    ),
    "an address that is none": (
        "run activations --on ray --address nonsense --lab {here}/new",
        ["no Ray cluster answers at nonsense", "it should be HOST:PORT"],
    ),
    "a port beyond the last": (
        "run activations --on ray --address 127.0.0.1:65536 --lab {here}/new",
        ["no Ray cluster answers at 127.0.0.1:65536: it should be HOST:PORT"],
    ),
    "lab of another database": (
        "run activations --lab mysql://somebody:secret@host/lab",
        ["--lab: got an address of the kind 'mysql'", "postgresql://USER:PASSWORD@HOST"],
    ),
    "lab where no server is": (
        "status --lab postgresql://somebody:secret@127.0.0.1:1/lab",
        ["lab postgresql://127.0.0.1:1/lab cannot be reached", "Check host and port"],
    ),
    "unknown field": (
        "run activations --set optimzer.learning_rate=0.1 --lab {here}/new",
        ["optimzer.learning_rate: unknown field 'optimzer'; did you mean 'optimizer'?"],
    ),
    "unknown field within": (
        "plan activations --set optimizer.learning_rat=0.1 --lab {here}/new",
        ["unknown field 'learning_rat'; did you mean 'learning_rate'?"],
    ),
    "level of a wrong type": (
        "run {here}/levels.py --lab {here}/new",
        [
            "levels.py: Study: 3 faults",
            "learning_rte: unknown field 'learning_rte'; did you mean 'learning_rate'?",
            "factors.hidden.x: model.hidden: got 'wide'; should be a valid tuple",
            "factors.epochs.0: epochs: got 0; should be greater than 0",
        ],
    ),
    "value of a wrong type": (
        "run activations --set model.hidden=wide --lab {here}/new",
        ["model.hidden: got 'wide'; should be a valid tuple"],
    ),
    "negative epochs": (
        "run activations --set epochs=-1 --lab {here}/new",
        ["epochs: got -1; should be greater than 0"],
    ),
    "batch size 0": (
        "run activations --set batch_size=0 --lab {here}/new",
        ["batch_size: got 0; should be greater than 0"],
    ),
    "rate that is no number": (
        "run activations --set optimizer.learning_rate=fast --lab {here}/new",
        ["optimizer.learning_rate: got 'fast'; should be a valid number"],
    ),
    "rate that is not finite": (
        "run activations --set optimizer.learning_rate=NaN --lab {here}/new",
        ["optimizer.learning_rate: got nan; should be a finite number"],
    ),
    "several values": (
        "run activations --set epochs=0 --set batch_size=x --set modl=1 --lab {here}/new",
        ["3 faults", "epochs: got 0", "batch_size: got 'x'", "unknown field 'modl'"],
    ),
    "unknown activation": (
        "plan loss-equivalence --set model.activation=rellu --lab {here}/new",
        ["model.activation: got 'rellu'; did you mean 'relu'", "Allowed: celu, "],
    ),
    "value that a factor sets": (
        "run activations --set model.activation=relu --lab {here}/new",
        ["model.activation: every level of factor 'activation' sets it", "choose among sigmoid"],
    ),
    "set without =": (
        "run activations --set epochs --lab {here}/new",
        ["--set: got 'epochs'; should be field=value"],
    ),
    "set without field": (
        "run activations --set =3 --set epochs= --lab {here}/new",
        ["2 faults", "--set: got '=3'; should be field=value", "--set: got 'epochs='"],
    ),
    "unknown scale": (
        "run fashion-architectures --scale ful --lab {here}/new",
        ["no scale of study 'fashion-architectures' named 'ful'; did you mean 'full'?"],
    ),
    "unknown factor": (
        "run activations --only activaton=relu --lab {here}/new",
        ["no factor named 'activaton'; did you mean 'activation'?"],
    ),
    "unknown level": (
        "run activations --only activation=relu,tan --lab {here}/new",
        ["no level of factor 'activation' named 'tan'; did you mean 'tanh'?"],
    ),
    "only without =": (
        "run activations --only relu --lab {here}/new",
        ["--only: got 'relu'; should be factor=label,label"],
    ),
    "no replicates": (
        "run activations --replicates 0 --lab {here}/new",
        ["replicates: got 0; should be greater than 0"],
    ),
    "half a replicate": (
        "run activations --replicates 2.5 --lab {here}/new",
        ["Invalid value for '--replicates'", "valid integer"],
    ),
    "no cores": (
        "run activations --cores 0 --lab {here}/new",
        ["Invalid value for '--cores'", "greater than or equal to 1"],
    ),
    "negative seconds": (
        "run activations --checkpoint-seconds -1 --lab {here}/new",
        ["Invalid value for '--checkpoint-seconds'", "greater than or equal to 0"],
    ),
    "unknown option": ("run activations --replicate 3", ["No such option", "--replicates"]),
    "unknown command": ("runn activations", ["No such command 'runn'", "paribus --help"]),
    "no study": ("run", ["Missing argument", "STUDY"]),
    "no such study file": ("run {here}/none.py", ["none.py", "there is no such file"]),
    "folder as study": ("run {here}/empty", ["no study file", "there is no such file"]),
    "text as study": ("run {here}/notes.txt", ["notes.txt", "a study file ends in .py"]),
    "syntax error": ("run {here}/syntax.py", ["syntax.py, line 2: ", "comma"]),
    "study file that does not import": (
        "run {here}/raising.py",
        ["raising.py, line 3: ModuleNotFoundError: No module named 'nothing_of_this_name'"],
    ),
    "study file that raises": ("run {here}/deep.py", ["deep.py, line 2: ZeroDivisionError: "]),
    "study file without a study": (
        "run {here}/without.py",
        ["without.py should define STUDY = Study(...), but it has none", "README.md"],
    ),
    "study file that leaves": ("run {here}/leaves.py", ["leaves.py, line 3: SystemExit: 0"]),
    "study of another type": ("run {here}/wrong.py", ["but its STUDY is a dict"]),
    "empty study file": ("plan {here}/empty.py", ["should define STUDY", "it has none"]),
    "study with several faults": (
        "run {here}/faulty.py",
        [
            "faulty.py: Study: 4 faults",
            "question: missing; it has no default",
            "replicates: got -1; should be greater than 0",
            "design: got 'latin'; should be one of factorial, one at a time",
            "questoin: unknown field 'questoin'; did you mean 'question'?",
        ],
    ),
    "missing data": (
        "run fashion-architectures --scale full --data-dir {here}/empty --lab {here}/new-data",
        [
            "Fashion-MNIST is not here: 4 of 4 files missing",
            *(file.name for file in FASHION_MNIST_FILES.files),
            "md5 8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "put them into {here}/empty/fashion_mnist",
        ],
    ),
    "missing data to download": (
        "data --download fashion_mnist --data-dir {here}/empty",
        ["Fashion-MNIST is not here: 4 of 4 files missing", "put them into {here}/empty/fash"],
    ),
    "truncated file": (
        "plan fashion-architectures --scale full --data-dir {here}/truncated --lab {here}/new",
        [
            "{here}/truncated/fashion_mnist/t10k-labels-idx1-ubyte.gz: not the Fashion-MNIST file",
            "5,000 bytes; the official file has 5,148",
            "Fetch it again from",
        ],
    ),
    "altered file": (
        "run fashion-architectures --scale full --data-dir {here}/altered --lab {here}/new",
        ["t10k-labels-idx1-ubyte.gz: not the Fashion-MNIST file", "sha256 is", "the official"],
    ),
    "altered local copy": (
        "data --data-dir {here}/changed",
        ["train-labels-idx1-ubyte.gz: not the Fashion-MNIST file", "SHA256SUMS says"],
    ),
    "unknown data set": (
        "data --download fashon_mnist",
        ["no data set named 'fashon_mnist'; did you mean 'fashion_mnist'?"],
    ),
    "lab that cannot be made": (
        "run activations --lab {here}/notes.txt/lab",
        ["lab {here}/notes.txt/lab cannot be written: ", "Give a folder", "--lab"],
    ),
    "lab that is a file": (
        "run activations --lab {here}/notes.txt",
        ["lab {here}/notes.txt is a file; it must be a folder", "--lab"],
    ),
    "lab of a newer schema": (
        "run activations --lab {here}/newer",
        ["has schema 99; this paribus reads up to", "Upgrade"],
    ),
    "table of a lab of a newer schema": ("table tiny --lab {here}/newer", ["has schema 99"]),
    "lab of another program": ("status --lab {here}/foreign", ["is not an SQLite database"]),
    "no lab": ("status --lab {here}/new", ["lab {here}/new holds nothing yet", "paribus run"]),
    "table without a lab": (
        "table activations --lab {here}/new",
        ["holds nothing yet", "Train a study with: paribus run"],
    ),
    "table of a study never run": (
        "table activations --lab {here}/lab",
        ["no study named 'activations'; known: tiny", "paribus run activations"],
    ),
    "table of a study planned, but never trained": (
        "table tiny --lab {here}/planned",
        ["no run of study 'tiny' at scale 'full'", "paribus run tiny"],
    ),
    "table of a scale never run": (
        "table tiny --scale demo --lab {here}/lab",
        ["no scale of study 'tiny' named 'demo'; known: full", "it has not been run in lab"],
    ),
    "unknown metric": (
        "table tiny --metric test/acuracy --lab {here}/lab",
        ["no metric named 'test/acuracy'; did you mean 'test/accuracy'"],
    ),
    "unknown epoch rule": (
        "table tiny --epoch-rule best --lab {here}/lab",
        ["no epoch rule named 'best'; known: best-validation, last"],
    ),
    "unknown interval": (
        "table tiny --interval bootstap --lab {here}/lab",
        ["no interval named 'bootstap'; did you mean 'bootstrap'"],
    ),
    "bootstrap of few replicates": (
        "table tiny --interval bootstrap --lab {here}/lab",
        ["takes 20 finished replicates or more", "Use the t interval"],
    ),
    "best epoch without validation": (
        "table tiny --epoch-rule best-validation --lab {here}/lab",
        ["needs a validation split", "Use the rule 'last'"],
    ),
    "unknown export format": (
        "export tiny --format xls --output {here}/x --lab {here}/lab",
        ["no export format named 'xls'; known: csv, mlflow, parquet, tensorboard"],
    ),
    "export that cannot be written": (
        "export tiny --output {here}/notes.txt/x.csv --lab {here}/lab",
        ["cannot write {here}/notes.txt/x.csv", "Choose a folder that can be written"],
    ),
    "report that cannot be written": (
        "report tiny --output {here}/notes.txt --lab {here}/lab",
        ["cannot write the report to {here}/notes.txt", "Choose a folder that can be written"],
    ),
    "clean that nobody confirms": (
        "clean tiny --lab {here}/lab",
        ["Delete 4 runs of tiny (full)", "stdin is not a terminal", "--yes"],
    ),
    "clean of a study never run": (
        "clean activations --yes --lab {here}/lab",
        ["no study named 'activations'; known: tiny"],
    ),
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with labs, study files and data files, good and bad."""
    here = tmp_path_factory.mktemp("wrong")
    (here / "empty").mkdir()
    for name, content in STUDY_FILES.items():
        (here / name).write_text(content)
    plan = make_plan(tiny_study().at(), Source())
    run_plan(plan, RunOptions(lab=here / "lab"))
    _other_labs(here)
    _data_folders(here)
    return here


def _other_labs(here):
    shutil.copytree(here / "lab", here / "newer")
    shutil.copytree(here / "lab", here / "planned")
    for lab, statement in (("newer", "PRAGMA user_version = 99"), ("planned", "DELETE FROM runs")):
        connection = sqlite3.connect(here / lab / FILE)
        connection.execute(statement)
        connection.commit()
        connection.close()
    (here / "foreign").mkdir()
    (here / "foreign" / FILE).write_text("This is no database, whatever it is called.\n" * 100)


def _data_folders(here):
    """Small stand-ins, listed as local copies; one of them then goes bad in each folder."""
    bad = {
        "truncated": ("t10k-labels-idx1-ubyte.gz", bytes(5_000), False),
        "altered": ("t10k-labels-idx1-ubyte.gz", bytes(5_148), False),
        "changed": ("train-labels-idx1-ubyte.gz", b"changed", True),
    }
    for folder, (name, content, listed) in bad.items():
        home = here / folder / "fashion_mnist"
        home.mkdir(parents=True)
        lines = []
        for file in FASHION_MNIST_FILES.files:
            (home / file.name).write_bytes(file.name.encode())
            if file.name != name or listed:
                lines.append(f"{hashlib.sha256(file.name.encode()).hexdigest()}  {file.name}\n")
        (home / name).write_bytes(content)
        (home / "SHA256SUMS").write_text("".join(lines))


def assert_told(said, expected):
    code, out, err = said
    assert code == 2, err
    assert out == ""
    assert "Traceback" not in err
    for text in expected:
        assert text in err
    assert err.count("error: ") <= 1


@pytest.mark.parametrize("name", WRONG)
def test_it_is_told_in_one_message(paribus, here, name):
    typed, expected = WRONG[name]
    said = paribus(*(word.format(here=here) for word in typed.split()))
    assert_told((said.code, said.out, said.err), [text.format(here=here) for text in expected])
    assert not (here / "new").exists()


def test_a_lab_that_is_held_says_by_whom(paribus, here):
    with hold(here / "lab"):
        for words in (["run", tiny_file(here)], ["clean", "tiny", "--yes"]):
            said = paribus(*words, "--lab", here / "lab")
            assert_told(
                (said.code, said.out, said.err),
                [f"lab {here / 'lab'} is held by process ", "on ", "since ", "Wait for it, stop"],
            )


def test_a_study_file_is_imported_anew_when_it_has_changed(paribus, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("raise ValueError('first')\n")
    assert "line 1: ValueError: first" in paribus("plan", path).err
    path.write_text("\nraise ValueError('second')\n")
    assert "line 2: ValueError: second" in paribus("plan", path).err


@pytest.mark.parametrize("words", [["run", "actvations"], ["nope"], ["run", "--nope"], []])
def test_it_is_so_for_the_process_too(words):
    code, out, err = finish(start(*words))
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert len(err.splitlines()) < 40


def test_missing_data_without_a_network_is_told_and_does_not_hang(tmp_path):
    # Nobody listens at the port of the proxy, so that nothing is fetched where there is a network.
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    nothing = {"no_proxy": "", "NO_PROXY": "", "PARIBUS_DATA": ""}
    words = ["run", "fashion-architectures", "--scale", "full", "--lab", tmp_path / "lab"]
    said = finish(start(*words, **proxies, **homes, **nothing))
    assert_told(
        said,
        [
            "Fashion-MNIST is not here: 4 of 4 files missing",
            "t10k-labels-idx1-ubyte.gz (5,148 bytes, md5 bb300cfdad3c16e7a12a480ee83cd310)",
            "Could not be downloaded",
            "Fetch each, under its name, from one of",
            "and put them into ",
            f"--data-dir FOLDER, {VARIABLE}=FOLDER",
        ],
    )
