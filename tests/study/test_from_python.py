"""The package as a user imports it."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import paribus

PACKAGES = ["paribus"] + [
    module.name for module in pkgutil.walk_packages(paribus.__path__, "paribus.") if module.ispkg
]


@pytest.mark.parametrize("name", PACKAGES)
def test_all_that_a_package_offers_is_there_and_in_order(name):
    package = importlib.import_module(name)
    offered = getattr(package, "__all__", ())
    for one in offered:
        assert getattr(package, one) is not None
    assert len(set(offered)) == len(offered)
    # As ruff sorts: constants, then classes, then functions and modules.
    rank = {True: 0, False: 1}
    assert list(offered) == sorted(
        offered, key=lambda one: (rank[one.isupper()], rank[one[0].isupper()], one)
    )


def test_the_names_of_a_first_study_are_at_the_root():
    code = (
        "from paribus import Study, Recipe, Factor, data, models, optimizers\n"
        "Recipe(data=data.Digits(), model=models.MLP(hidden=(8,)),\n"
        "       optimizer=optimizers.AdamW(learning_rate=3e-4), batch_size=32, epochs=1)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'paribus' has no attribute 'Stduy'"):
        paribus.Stduy  # noqa: B018 - looking it up is the test


@pytest.mark.parametrize(
    "code",
    [
        "import paribus",
        "import paribus.cli.app",
        "from paribus.cli.app import app; app(['--help'], standalone_mode=False)",
        "import paribus.report, paribus.results, paribus.store, paribus.design",
    ],
)
def test_what_need_not_train_does_not_load_jax(code):
    check = "import sys; assert 'jax' not in sys.modules, 'JAX is loaded'"
    subprocess.run([sys.executable, "-c", f"{code}\n{check}"], check=True, timeout=60)
