"""What a recipe's class computes is part of what a user's own trainer is known by."""

import importlib.util
import sys

import pytest

from paribus import Spec, Study, version
from paribus.errors import DeclarationError
from paribus.study.repair import check_lab

FILE = '''\
"""A study whose trainer asks its recipe."""
from functools import cached_property, lru_cache, partialmethod
from typing import ClassVar

from pydantic import PrivateAttr, field_validator

import paribus
from paribus import Spec

SCALE = 2.0


class Mixin:
    offset = 1

    def shifted(self):
        return self.level + self.offset


class Base(Spec):
    level: float = 0.5

    def halved(self):
        return self.level / 2


class Rule(Spec):
    """A rule."""

    rate: float = 0.1

    def step(self):
        return self.rate * 3


class Slow(Rule):
    pass


class Unused(Spec):
    def step(self):
        return 4


class Arm(Mixin, Base):
    """A recipe."""

    STEPS: ClassVar[int] = 10
    epochs: int = 3
    rule: Rule = Rule()
    rules: tuple[Rule, ...] = ()
    _seen: int = PrivateAttr(0)

    def scaled(self, by=5):
        """Says what it does."""
        # a comment
        return helper(self.level) * by

    @property
    def doubled(self):
        return self.level * 2

    @cached_property
    def cached(self):
        return self.level * 6

    @staticmethod
    def fixed():
        return 7

    @classmethod
    def other(cls):
        return Arm(level=0.8), Rule, Slow

    @field_validator("level")
    @classmethod
    def _checked(cls, value):
        return value + 0.0

    def model_post_init(self, context):
        self._seen = 11

    @lru_cache
    def kept(self):
        return 12

    def power(self, exponent):
        return self.level**exponent

    cubed = partialmethod(power, 13)


def helper(value):
    return value * SCALE


def train(recipe, replicate):
    yield 1, {"test/accuracy": recipe.level}
'''


@pytest.fixture
def keys(tmp_path):
    """The keys of a study of this text, which is imported anew."""

    def made(old="", new="", make="Arm()"):
        assert old in FILE
        path = tmp_path / "asked.py"
        path.write_text(FILE.replace(old, new))
        spec = importlib.util.spec_from_file_location("asked", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["asked"] = module
        spec.loader.exec_module(module)
        return [run.key for run in plan_of(eval(make, vars(module)), module.train).runs]

    yield made
    sys.modules.pop("asked", None)


def plan_of(recipe, trainer):
    fields = {"name": "asked", "question": "?", "recipe": recipe, "trainer": trainer}
    return Study(**fields, replicates=2).plan()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("helper(self.level) * by", "helper(self.level) + by"),
        ("by=5", "by=6"),
        ("value * SCALE", "value + SCALE"),
        ("SCALE = 2.0", "SCALE = 3.0"),
        ("self.level * 2", "self.level * 3"),
        ("self.level * 6", "self.level * 7"),
        ("return 7", "return 8"),
        ("level=0.8", "level=0.9"),
        ("self._seen = 11", "self._seen = 12"),
        ("return 12", "return 13"),
        ("(power, 13)", "(power, 14)"),
        ("    @property\n", ""),
        ("STEPS: ClassVar[int] = 10", "STEPS: ClassVar[int] = 20"),
        ("self.level / 2", "self.level / 3"),
        ("self.level + self.offset", "self.level - self.offset"),
        ("offset = 1", "offset = 2"),
        ("self.rate * 3", "self.rate * 4"),
    ],
    ids=str,
)
def test_what_a_recipe_computes_makes_other_runs(keys, old, new):
    assert not set(keys(old, new)) & set(keys())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Says what it does."""', '"""Says something else."""'),
        ('"""A recipe."""', '"""Another text."""'),
        ('"""A rule."""\n', ""),
        ("# a comment", "# another, longer"),
        ("by=5", "by: int = 5"),
        ("def doubled(self)", "def doubled(self) -> float"),
        ("STEPS: ClassVar[int]", "STEPS: ClassVar[float]"),
        ("rate: float = 0.1", "rate: float | str = 0.1"),
        ("epochs: int = 3", "epochs: int | None = 3"),
        ("return 4", "return 5"),
        ("\n\ndef helper", "\n\n\n\n\ndef helper"),
    ],
    ids=str,
)
def test_what_it_does_not_compute_makes_none(keys, old, new):
    assert keys(old, new) == keys()


def test_what_is_in_a_field_counts_where_it_is(keys):
    held = "class Held(Spec):\n    first: Rule = Rule()\n    second: Slow = Slow()\n\n\ndef helper"
    swapped = held.replace("Rule", "Other").replace("Slow", "Rule").replace("Other", "Slow")
    faster = (
        "class Slow(Rule):\n    pass",
        "class Slow(Rule):\n    def step(self):\n        return 0",
    )
    one = keys(*_both(faster, ("def helper", held)), make="Held()")
    other = keys(*_both(faster, ("def helper", swapped)), make="Held()")
    assert not set(one) & set(other)


def _both(one, other):
    return FILE, FILE.replace(*one).replace(*other)


def test_declarations_in_a_list_count(keys):
    several = "Arm(rules=(Rule(),))"
    without = ("    rule: Rule = Rule()\n", "")
    changed = ("self.rate * 3", "self.rate * 4")
    assert not set(keys(*without, make=several)) & set(
        keys(*_both(without, changed), make=several)
    )


def test_a_stated_version_stands_for_what_a_class_computes(keys):
    def stated(number, factor):
        above = f"@paribus.version({number!r})\nclass Rule(Spec)"
        return keys(
            *_both(("class Rule(Spec)", above), ("self.rate * 3", f"self.rate * {factor}"))
        )

    assert stated("1", 3) == stated("1", 4)
    assert not set(stated("1", 3)) & set(stated("2", 3))


SEEN = []


class Plain(Spec):
    level: float = 0.5
    seen: int = 0


class Counting(Plain):
    def counted(self):
        return len(TIMES)


class Unknown(Plain):
    def counted(self):
        return len(SEEN)


class Stated(Plain):
    @version("1")
    def counted(self):
        return len(SEEN)


TIMES = {}


@version("1")
def counting(recipe, replicate):
    TIMES[replicate] = 1
    yield 1, {"test/accuracy": recipe.level}


def test_a_recipe_that_computes_nothing_is_known_as_before():
    (run, _) = plan_of(Plain(), counting).runs
    made_by = Study(name="a", question="?", recipe=Plain(), trainer=counting).at().apparatus
    assert set(made_by.made_by(run.recipe)["made_by"]) == {"function", "code", "recipe"}


def test_runs_are_stored_under_the_code_that_they_were_planned_with(train_study):
    TIMES.clear()
    declared = {"name": "a", "question": "?", "recipe": Counting(), "trainer": counting}
    study = Study(**declared)
    outcome = train_study(study)
    assert (outcome.trained, len(TIMES)) == (5, 5)
    assert check_lab(outcome.lab).damages == ()
    assert train_study(study).reused == 5
    assert train_study(Study(**declared)).reused == 0  # it would count otherwise from the start


def test_a_method_without_an_identity_is_refused_with_what_to_do():
    SEEN.append(object())
    with pytest.raises(DeclarationError) as caught:
        plan_of(Unknown(), counting)
    said = str(caught.value)
    assert "recipe: Unknown cannot be told from others: " in said
    assert "`SEEN`[0]" in said
    assert "state a version of the class, or of what this names: @paribus.version('1')" in said
    assert plan_of(Stated(), counting).runs
