"""The identity of code that holds objects: containers of the user's own, and installed classes."""

import importlib.util
import sys

import pytest

from paribus.errors import DeclarationError
from paribus.functions import as_function
from paribus.functions.objects import state_of


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Imports a text as a file, and gives what is called `own` there."""

    def load(text):
        path = tmp_path / "own_objects.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("own_objects", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "own_objects", module)
        spec.loader.exec_module(module)
        return module.own

    return load


OWN = "\n\n\ndef own(recipe, replicate):\n    return KEPT"
CONTAINERS = {
    "a named tuple": """
from typing import NamedTuple


class Kept(NamedTuple):
    rate: float

    def scaled(self):
        return self.rate * 2


KEPT = Kept(0.1)""",
    "a dictionary": """
class Kept(dict):
    def scaled(self):
        return self["rate"] * 2


KEPT = Kept(rate=0.1)""",
    "a mapping": """
from collections.abc import Mapping


class Kept(Mapping):
    def __getitem__(self, name):
        return 0.1

    def scaled(self):
        return self["rate"] * 2

    def __iter__(self):
        return iter(["rate"])

    def __len__(self):
        return 1


KEPT = Kept()""",
    "a list": """
class Kept(list):
    def scaled(self):
        return self[0] * 2


KEPT = Kept([0.1])""",
    "a set": """
class Kept(frozenset):
    def scaled(self):
        return len(self) * 2


KEPT = Kept([0.1])""",
    "an attribute": """
class Kept(dict):
    pass


KEPT = Kept(rate=0.1)
KEPT.power = 1 * 2""",
    "fields made by a call": """
from collections import namedtuple

Kept = namedtuple("Kept", "rate x2".split())
KEPT = Kept(0.1, 0.2)""",
    "what is inherited": """
from collections import namedtuple


class Kept(namedtuple("Fields", "rate")):
    def scaled(self):
        return self.rate * 2


KEPT = Kept(0.1)""",
    "what refers to itself": """
class Kept(dict):
    def scaled(self):
        return KEPT["rate"] * 2


KEPT = Kept(rate=0.1)
KEPT.whole = KEPT""",
}


@pytest.mark.parametrize("case", CONTAINERS)
def test_the_class_of_a_container_of_ones_own_counts(imported, case):
    text = CONTAINERS[case] + OWN
    old, new = ("x2", "x3") if "x2" in text else ("* 2", "* 3")
    before = as_function(imported(text))
    assert as_function(imported(text)) == before
    assert as_function(imported(f"# a comment\n{text}")) == before
    assert as_function(imported(text.replace(old, new))) != before


def test_a_stated_version_stands_for_the_class_of_a_container(imported):
    text = CONTAINERS["a dictionary"].replace(
        "class", "import paribus\n@paribus.version('1')\nclass"
    )
    before = as_function(imported(text + OWN))
    assert as_function(imported((text + OWN).replace("* 2", "* 3"))) == before
    assert as_function(imported((text + OWN).replace("'1'", "'2'"))) != before


def test_a_container_with_a_stated_version_is_taken_whatever_it_holds(imported):
    text = f"{CONTAINERS['an attribute']}\nKEPT.kept = object()"
    with pytest.raises(DeclarationError, match=r"`KEPT`.kept is <object"):
        as_function(imported(text + OWN))
    stated = f"{text}\nimport paribus\nparibus.version('1')(KEPT)"
    before = as_function(imported(stated + OWN))
    assert as_function(imported(stated.replace("'1'", "'2'") + OWN)) != before


WITH_STATE = """
import argparse
import contextlib
import datetime
import decimal
import operator

KEPT = {}
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("argparse.Namespace(rate=0.1)", "argparse.Namespace(rate=0.2)"),
        ("argparse.Namespace(rates=[0.1, {'a': 1}])", "argparse.Namespace(rates=[0.1, {'a': 2}])"),
        ("contextlib.nullcontext()", "contextlib.nullcontext(1)"),
        ("decimal.Decimal('0.1')", "decimal.Decimal('0.10')"),
        ("datetime.timedelta(1)", "datetime.timedelta(2)"),
        ("operator.itemgetter(1)", "operator.itemgetter(2)"),
    ],
)
def test_objects_of_installed_classes_are_known_by_the_plain_data_they_hold(imported, one, other):
    first, second, again = (
        as_function(imported(WITH_STATE.format(text) + OWN)) for text in (one, other, one)
    )
    assert first != second
    assert first == again


@pytest.mark.parametrize(
    "made",
    [
        "object()",
        "__import__('random').Random(1)",  # whose state is in C
        "__import__('numpy').random.default_rng(1)",
        "__import__('threading').Lock()",
        "__import__('io').StringIO('a')",
        "__import__('itertools').count(3)",  # whose use changes it
        "__import__('collections').deque([1])",
        "argparse.Namespace(kept=object())",
        "argparse.Namespace(kept=[argparse.Namespace(kept=1)])",
        "__import__('logging').getLogger('own')",
    ],
)
def test_objects_that_may_hold_something_else_are_refused(imported, made):
    with pytest.raises(DeclarationError, match=r"`KEPT` is .*, which is not plain data"):
        as_function(imported(WITH_STATE.format(made) + OWN))


def test_objects_of_classes_of_ones_own_are_refused_whatever_they_hold(imported):
    text = "class Kept:\n    rate = 0.1\n\n\nKEPT = Kept()"
    with pytest.raises(DeclarationError, match=r"`KEPT` is .*, a Kept, which is not plain data"):
        as_function(imported(text + OWN))


class Slotted:
    __slots__ = ("__dict__", "hidden")


class Inheriting(Slotted):
    pass


@pytest.mark.parametrize("kind", [Slotted, Inheriting])
def test_what_is_in_slots_is_seen(kind):
    found = kind()
    found.hidden, found.shown = object(), 1
    assert state_of(found) is None


NESTED = """
import functools

SEEN = object()


def accuracy(x):
    return SEEN


@functools.lru_cache
def wrapped(x):
    return SEEN


class Network:
    def __call__(self, x):
        return [SEEN][0]


def importing(x):
    from . import sibling


def own(recipe, replicate):
    return {}
"""


@pytest.mark.parametrize(
    ("used", "told"),
    [
        ("accuracy(1)", ".*`accuracy` uses `SEEN`, which is <object"),
        ("wrapped(1)", ".*`wrapped` uses `SEEN`, which is <object"),
        ("Network()(1)", ".*`Network` uses `SEEN`, which is <object"),
        ("importing(1)", r".*`importing` imports \.: no package"),
        ("SEEN", " from others: `SEEN` is <object"),
    ],
)
def test_a_refusal_names_the_function_that_it_is_about(imported, used, told):
    with pytest.raises(DeclarationError, match=f"own_objects:own cannot be told{told}"):
        as_function(imported(NESTED.format(used)))


TORCH = """
import torch

DEVICE = torch.device("cpu")
LOSS = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
GENERATOR = torch.Generator()
LAYER = torch.nn.Linear(1, 1)


@torch.no_grad()
def accuracy(x):
    return x + 1


def own(recipe, replicate):
    return {}
"""


@pytest.mark.parametrize(
    ("used", "old", "new"),
    [
        ("accuracy(1)", "x + 1", "x + 2"),
        ("accuracy(1)", "torch.no_grad()", "torch.inference_mode()"),
        ("accuracy(1)", "torch.no_grad()", "torch.set_grad_enabled(False)"),
        ("DEVICE", '"cpu"', '"cuda:1"'),
        ("LOSS", "0.1", "0.2"),
    ],
)
def test_what_pytorch_makes_of_plain_data_is_known(imported, used, old, new):
    pytest.importorskip("torch")
    text = TORCH.format(used)
    assert old in text
    before = as_function(imported(text))
    assert as_function(imported(text)) == before
    assert as_function(imported(text.replace(old, new))) != before


@pytest.mark.parametrize("used", ["GENERATOR", "LAYER"])
def test_what_pytorch_keeps_to_itself_is_refused(imported, used):
    pytest.importorskip("torch")
    text = TORCH.replace("x + 1", used).format("accuracy(1)")
    with pytest.raises(DeclarationError, match=f"`accuracy` uses `{used}`, which is "):
        as_function(imported(text))


def test_a_random_key_is_known_by_its_value(imported):
    text = "import jax\nKEPT = jax.random.key(0)" + OWN
    one, same, other = (
        as_function(imported(changed)) for changed in (text, text, text.replace("(0)", "(1)"))
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize("made", ["KEPT = []\nKEPT.append(KEPT)", "KEPT = {}\nKEPT['a'] = KEPT"])
def test_what_holds_itself_is_refused(imported, made):
    with pytest.raises(DeclarationError, match=r"KEPT.* holds itself, and has no value"):
        as_function(imported(made + OWN))
