"""The identity of code that imports modules itself, and of files that were edited since."""

import importlib.util
import sys
from importlib.metadata import version

import pytest

from paribus.errors import DeclarationError
from paribus.functions import as_function
from paribus.functions.content import content_of
from paribus.functions.installed import LIBRARIES, home_of
from paribus.training.provenance import foreign_provenance, versions

TEXT = """\
import equinox as eqx
import jax
import jax.numpy as jnp

SCALE = 2.0


def loss(x):
    def inner(y):
        return jnp.sin(y) * 3.0

    return inner(x)


class Net(eqx.Module):
    width: int = 3

    def __call__(self, x):
        return jnp.tanh(x)


@jax.jit
def jitted(x):
    return jnp.exp(x) + SCALE


def elsewhere():
    return 1
"""


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Imports a text as a file of a folder where modules are found."""
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "edited_file.py"

    def load(text):
        path.write_text(text)
        importlib.invalidate_caches()
        # Python takes what it compiled within the same second for that of the file.
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        spec = importlib.util.spec_from_file_location("edited_file", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "edited_file", module)
        spec.loader.exec_module(module)
        return module

    return load


def importing(imported, statement):
    text = f"def loss(x):\n    {statement}\n\n    return x\n"
    return as_function(imported(text).loss).digest


FAILING = "raise RuntimeError('this was imported')\n"


@pytest.mark.parametrize(
    "statement",
    [
        "import heavy_module",
        "import heavy_module as heavy",
        "from heavy_module import anything",
        "import heavy_package.inner",
        "from heavy_package.inner import anything",
        "from heavy_package import inner",
    ],
)
def test_what_code_imports_itself_is_read_and_not_run(imported, tmp_path, statement):
    (tmp_path / "heavy_package").mkdir()
    (tmp_path / "heavy_package" / "__init__.py").write_text(FAILING)
    files = [tmp_path / "heavy_module.py", tmp_path / "heavy_package" / "inner.py"]
    for file in files:
        file.write_text(FAILING)
    before = importing(imported, statement)
    assert not [name for name in sys.modules if name.startswith("heavy_")]
    for file in files:
        file.write_text(FAILING + "# a comment\n")
    assert importing(imported, statement) == before
    for file in files:
        file.write_text(FAILING + "SCALE = 3\n")
    assert importing(imported, statement) != before


def test_modules_that_are_imported_there_are_followed_in_circles_too(imported, tmp_path):
    (tmp_path / "heavy_one.py").write_text(f"import heavy_two\n{FAILING}")
    (tmp_path / "heavy_two.py").write_text(f"import heavy_one\n{FAILING}")
    before = importing(imported, "import heavy_one")
    (tmp_path / "heavy_two.py").write_text(f"import heavy_one\n{FAILING}SCALE = 3\n")
    assert importing(imported, "import heavy_one") != before


def test_what_is_installed_is_found_without_importing_it(imported):
    loaded = "grimp" in sys.modules
    found = content_of(imported("def loss(x):\n    import grimp\n\n    return x\n").loss)
    assert ["grimp", ["installed", f"grimp {version('grimp')}"]] in found["parts"][0]["refers"]
    assert ("grimp" in sys.modules) == loaded


def test_what_is_not_there_is_known_by_its_name(imported):
    one, other = (importing(imported, f"import no_such_{name}") for name in ("a", "b"))
    assert one != other


def test_an_import_within_no_package_is_refused(imported):
    with pytest.raises(DeclarationError, match=r"it imports \.: no package"):
        importing(imported, "from . import sibling")


def test_libraries_of_every_run_are_in_provenance_and_not_in_digests():
    assert [home_of(name) for name in LIBRARIES] == list(LIBRARIES)
    assert home_of("jax.numpy") == "jax"
    assert home_of("pydantic.fields") == f"pydantic {version('pydantic')}"
    for recorded in (versions(), foreign_provenance()):
        assert {name: version(name) for name in LIBRARIES}.items() <= recorded.items()


EDITED = {
    "a constant": ("loss", "3.0", "4.0"),
    "a name": ("loss", "jnp.sin", "jnp.cos"),
    "a kind of number": ("loss", "3.0", "3"),
    "a class": ("Net", "jnp.tanh", "jnp.sign"),
    "what is wrapped": ("jitted", "jnp.exp", "jnp.log"),
    "lines": ("loss", "SCALE = 2.0\n", "SCALE = 2.0\nOTHER = 1\n"),
}


@pytest.mark.parametrize("case", EDITED)
def test_a_file_that_was_edited_after_it_was_imported_is_refused(imported, tmp_path, case):
    what, old, new = EDITED[case]
    module = imported(TEXT)
    before = as_function(getattr(module, what))
    text = TEXT.replace(old, new)
    (tmp_path / "edited_file.py").write_text(text)
    with pytest.raises(DeclarationError, match="changed after it was imported: reload the module"):
        as_function(getattr(module, what))
    reloaded = as_function(getattr(imported(text), what))
    assert (reloaded == before) == (case == "lines")


@pytest.mark.parametrize("what", ["loss", "Net", "jitted"])
def test_an_edit_elsewhere_in_the_file_is_none(imported, tmp_path, what):
    module = imported(TEXT)
    before = as_function(getattr(module, what))
    (tmp_path / "edited_file.py").write_text(TEXT.replace("return 1", "return 2"))
    assert as_function(getattr(module, what)) == before


def test_where_it_cannot_be_told_it_is_accepted(imported):
    module = imported(TEXT)
    module.__loader__ = None
    before = as_function(module.loss)
    module.loss.__code__ = module.loss.__code__.replace(co_name="loss", co_code=b"\x97\x00S\x00")
    assert as_function(module.loss) == before
