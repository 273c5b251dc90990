"""What is public, what it costs to import, and how long a module may be."""

import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import paribus

PACKAGE = Path(paribus.__file__).parent
PACKAGES = ["paribus", *(f"paribus.{m.name}" for m in pkgutil.iter_modules([PACKAGE]) if m.ispkg)]
HEAVY = {"jax", "jaxlib", "equinox", "optax", "pandas", "altair", "xarray", "vl_convert"}
MAX_LINES = 500


def isort_key(name):
    """The order of ruff's RUF022: constants, classes, the rest; numbers by value within each."""
    constant, capital = len(name) > 1 and name.isupper(), name[0].isupper()
    parts = re.split(r"(\d+)", name)
    return (
        not constant,
        not capital,
        [(int(part), "") if part.isdigit() else (-1, part) for part in parts],
    )


def test_the_order_is_that_of_ruff():
    assert sorted(["sgd", "Adam", "adam10", "SGD", "adam9"], key=isort_key) == [
        "SGD",
        "Adam",
        "adam9",
        "adam10",
        "sgd",
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_sorted_and_there(package):
    module = import_module(package)
    names = getattr(module, "__all__", [])
    assert list(names) == sorted(set(names), key=isort_key)
    missing = [name for name in names if not hasattr(module, name)]
    assert not missing, f"{package}.__all__ names what is not there: {missing}"


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "paribus.cli"])
def test_every_package_says_what_is_public(package):
    assert import_module(package).__all__


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Stduy'"):
        paribus.Stduy  # noqa: B018 - the access is what is tested


@pytest.mark.parametrize(
    "code",
    [
        "import paribus",
        "from paribus.cli.app import app; app(['--help'], standalone_mode=False)",
        "from paribus.cli.app import app; app(['run', '--help'], standalone_mode=False)",
    ],
    ids=["import", "help", "help of a command"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    program = f"{code}\nimport sys; print('loaded:', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    _, said, modules = done.stdout.rpartition("loaded:")
    assert said
    assert not HEAVY & set(modules.split())


def test_training_does_not_wait_for_what_reports_need():
    program = "import sys, paribus.cli.app, paribus.cli.reporting; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "paribus.study.run" in loaded
    assert not {"pandas", "xarray", "altair", "vl_convert", "scipy.stats"} & loaded


def test_modules_are_short():
    modules = sorted(PACKAGE.rglob("*.py"))
    assert modules
    lengths = {
        str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules
    }
    assert not {name: count for name, count in lengths.items() if count > MAX_LINES}
