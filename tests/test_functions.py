"""The identity of a user's code: what changes it, what does not, what has none."""

import importlib.util
import pickle
import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import BaseModel

from paribus import version
from paribus.errors import DeclarationError
from paribus.functions import Function, OwnFunction, as_function

FILE = '''\
"""A file with a loss."""
import numpy as np
import jax.numpy as jnp
import equinox as eqx

FACTOR = 2.0
TABLE = {"weights": np.array([1.0, 2.0])}
CLAIM = "It learns."


class Scaled(eqx.Module):
    factor: float = 1.0

    def __call__(self, x):
        return FACTOR * x


def helper(x):
    # a comment
    return jnp.sum(x) * FACTOR


def loss(outputs, target, power=2):
    """Says what it does."""
    return helper(outputs - target) ** power + TABLE["weights"][0]


def unrelated(x):
    return x + 1


def made(coefficient):
    def inner(outputs, target):
        return coefficient * helper(outputs)

    return inner


def kept(coefficient):
    def inner(outputs, coefficient=coefficient):
        return coefficient * outputs

    return inner


def even(count):
    return count == 0 or odd(count - 1)


def odd(count):
    return count != 0 and even(count - 1)


first, second = (lambda x: x + 1), (lambda x: x + 2)
closed = made(3.0)
defaulted = kept(3.0)
scaled = Scaled(2.0)
'''


@pytest.fixture
def imported(tmp_path):
    """Imports a text as a file of this name."""

    def load(text=FILE, name="own_file"):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop("own_file", None)


def digest_of(imported, old="", new="", what="loss"):
    assert old in FILE
    return as_function(getattr(imported(FILE.replace(old, new)), what)).digest


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("loss", "** power +", "* power +"),
        ("loss", "jnp.sum(x)", "jnp.mean(x)"),
        ("loss", "FACTOR = 2.0", "FACTOR = 3.0"),
        ("loss", "power=2", "power=3"),
        ("loss", "np.array([1.0, 2.0])", "np.array([1.0, 2.5])"),
        ("closed", "made(3.0)", "made(4.0)"),
        ("closed", "jnp.sum(x)", "jnp.mean(x)"),
        ("made", "jnp.sum(x)", "jnp.mean(x)"),
        ("first", "x + 1)", "x + 3)"),
        ("even", "count != 0", "count == 1"),
        ("Scaled", "FACTOR * x", "x"),
        ("Scaled", "FACTOR * x", "FACTOR + x"),
        ("defaulted", "kept(3.0)", "kept(4.0)"),
        ("Scaled", "FACTOR = 2.0", "FACTOR = 3.0"),
        ("scaled", "Scaled(2.0)", "Scaled(3.0)"),
        ("scaled", "FACTOR * x", "x"),
    ],
    ids=str,
)
def test_what_decides_the_result_changes_the_digest(imported, what, old, new):
    assert digest_of(imported, old, new, what) != digest_of(imported, what=what)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("It learns.", "It does not."),
        ("return x + 1", "return x - 1"),
        ("# a comment", "# another, longer"),
        ('"""Says what it does."""', '"""Says something else."""'),
        ("loss(outputs, target, power=2)", "loss(outputs: object, target: int, power=2) -> float"),
        ("def unrelated", "\n\n\n\ndef unrelated"),
        ("made(3.0)", "made(4.0)"),
        ('"""A file with a loss."""', "\n\n\n"),
    ],
    ids=str,
)
def test_what_is_elsewhere_in_the_file_does_not(imported, old, new):
    assert digest_of(imported, old, new) == digest_of(imported)


def test_lambdas_of_one_line_are_told_apart(imported):
    module = imported()
    assert as_function(module.first).digest != as_function(module.second).digest
    assert digest_of(imported, "x + 2)", "x + 4)", "first") == digest_of(imported, what="first")


def test_two_of_one_name_and_digest_are_equal(imported):
    one, other = as_function(imported().loss), as_function(imported().loss)
    assert one.callable is not other.callable
    assert one == other
    assert hash(one) == hash(other)
    assert one != as_function(imported().unrelated)
    assert one.name == "own_file:loss"
    assert one.as_json() == {"function": "own_file:loss", "code": one.digest}


def test_calling_it_calls_the_callable(imported):
    module = imported()
    assert as_function(module.unrelated)(2) == 3
    assert as_function(partial(module.unrelated, x=4))() == 5


def test_it_travels_with_its_digest():
    found = as_function(digest_of)
    assert pickle.loads(pickle.dumps(found)) == found


def test_wrappers_are_seen_through(imported):
    text = FILE + "\nimport jax\njitted = jax.jit(loss)\n"
    before = as_function(imported(text).jitted)
    after = as_function(imported(text.replace("jnp.sum(x)", "jnp.mean(x)")).jitted)
    assert before.digest not in (after.digest, as_function(imported().loss).digest)


def assert_told_apart_by_width(imported, text):
    """Of classes that the text's function `made` makes."""
    module = imported(f"{text}two, three, again = made(2), made(3), made(2)\n")
    two, three, again = map(as_function, (module.two, module.three, module.again))
    assert two.digest == again.digest != three.digest


@pytest.mark.parametrize("wrapped", ["", "@jax.jit", "@property", "@staticmethod", "@lru_cache"])
def test_what_a_member_of_a_class_keeps_counts(imported, wrapped):
    text = (
        "import jax\nfrom functools import lru_cache\n"
        "def made(width):\n    class Net:\n"
        f"        {wrapped}\n        def wide(x):\n            return x * width\n"
        "        def __call__(self, x):\n            return self.wide(x)\n    return Net\n"
    )
    assert_told_apart_by_width(imported, text)


KEEPING = {
    "a value": "scale = width",
    "a partial": "wide = functools.partial(lambda w, x: x * w, width)",
    "a partial method": "wide = functools.partialmethod(lambda self, w, x: x * w, width)",
    "a class": "class Inner:\n            def wide(self, x):\n                return x * width",
    "an object": "wide = Kept(width)",
}


@pytest.mark.parametrize("member", KEEPING)
def test_members_without_code_of_their_own_count_too(imported, member):
    text = (
        "import dataclasses, functools\n"
        "@dataclasses.dataclass\nclass Kept:\n    width: int\n"
        f"def made(width):\n    class Net:\n        {KEEPING[member]}\n"
        "        def __call__(self, x):\n            return self.wide(x)\n    return Net\n"
    )
    assert_told_apart_by_width(imported, text)


def test_a_member_that_answers_everything_is_no_endless_wrapper(imported):
    text = (
        "from unittest import mock\n"
        "class Net:\n    log = mock.call\n    def __call__(self, x):\n        return x\n"
    )
    assert as_function(imported(text).Net).digest == as_function(imported(text).Net).digest


def test_a_member_that_cannot_be_told_from_others_is_refused(imported):
    text = (
        "def made(kept):\n    class Net:\n        log = kept\n"
        "        def __call__(self, x):\n            return x\n    return Net\n"
        "two = made(iter(range(3)))\n"
    )
    with pytest.raises(DeclarationError, match=r"`Net.log` is .*not plain data"):
        as_function(imported(text).two)


def test_a_gradient_of_ones_own_is_part_of_it(imported):
    text = (
        FILE
        + "\nimport jax\n@jax.custom_vjp\ndef kept(x):\n    return x\n"
        + "kept.defvjp(lambda x: (x, None), lambda _, g: (g * FACTOR,))\n"
    )
    before = as_function(imported(text).kept)
    assert as_function(imported(text.replace("FACTOR = 2.0", "FACTOR = 5.0")).kept) != before


@pytest.mark.parametrize("function", [jnp.mean, jax.nn.relu, np.exp, sum, len])
def test_what_is_installed_is_known_by_its_version(function):
    assert as_function(function) == as_function(function)


def test_what_an_installed_factory_was_given_counts():
    import optax  # noqa: PLC0415 - only here

    one, other, again = (
        as_function(optax.exponential_decay(rate, 10, 0.5)) for rate in (0.1, 0.2, 0.1)
    )
    assert one != other
    assert one == again


def test_a_module_of_ones_own_is_followed(imported):
    imported("def helper(x):\n    return x\n\n\ndef other(x):\n    return x\n", "own_helpers")
    text = "import own_helpers\n\n\ndef loss(x):\n    return own_helpers.helper(x)\n"
    try:
        first = as_function(imported(text).loss).digest
        imported("def helper(x):\n    return x\n\n\ndef other(x):\n    return 2\n", "own_helpers")
        assert as_function(imported(text).loss).digest == first
        imported("def helper(x):\n    return 2\n\n\ndef other(x):\n    return x\n", "own_helpers")
        assert as_function(imported(text).loss).digest != first
    finally:
        sys.modules.pop("own_helpers")


def test_a_stated_version_stands_for_the_code():
    one = as_function(version("3")(lambda x: x))
    same = as_function(version("3")(lambda x: x + 1))
    assert one == same
    assert as_function(version("4")(lambda x: x)) != one


def test_a_stated_version_of_a_helper_stands_for_it(imported):
    text = FILE.replace("def helper", "import paribus\n\n\n@paribus.version('1')\ndef helper")
    first = as_function(imported(text).loss)
    assert as_function(imported(text.replace("jnp.sum", "jnp.mean")).loss) == first
    assert as_function(imported(text.replace("'1'", "'2'")).loss) != first


REFUSED = {
    "no source": ("own = eval('lambda x: x')", "its source cannot be read"),
    "a constant": ("F = open(__file__)\nF.close()\n\n\ndef own():\n    return F", "`F` is"),
    "a state": (
        "class A:\n    def __call__(self, x):\n        return x\n\n\nown = A()",
        "which is not plain data",
    ),
    "a default": ("def own(x=object()):\n    return x", "a default of own"),
    "an array": (
        "import numpy as np\nA = np.array([object()])\n\n\ndef own():\n    return A",
        "`A` is",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_identity_is_refused(imported, case):
    text, problem = REFUSED[case]
    with pytest.raises(DeclarationError, match=problem) as caught:
        as_function(imported(text).own)
    assert "state a version: @paribus.version('1')" in str(caught.value)


def test_an_object_with_a_stated_version_is_taken(imported):
    text = REFUSED["a state"][0] + "\nimport paribus\nown = paribus.version('1')(A())"
    assert as_function(imported(text).own)(3) == 3


@pytest.mark.parametrize("number", ["", " ", 3, None])
def test_a_version_is_a_text(number):
    with pytest.raises(DeclarationError, match="should be a text, such as '1'"):
        version(number)


def test_what_takes_no_attribute_takes_no_version():
    with pytest.raises(DeclarationError, match="takes no attributes"):
        version("1")(len)


class Holder(BaseModel):
    own: OwnFunction


def test_a_field_takes_callables_and_writes_their_identity():
    function = as_function(digest_of)
    assert Holder(own=digest_of).own == function == Holder(own=function).own
    assert Holder(own=digest_of).model_dump(mode="json") == {"own": function.as_json()}
    with pytest.raises(ValueError, match="should be a function or another callable"):
        Holder(own=3)
    assert isinstance(Holder(own=digest_of).own, Function)


def test_a_script_and_a_study_file_name_it_alike(tmp_path, imported):
    (tmp_path / "own_file.py").write_text(
        FILE + "\nfrom paribus.functions import as_function\nprint(as_function(loss).as_json())\n"
    )
    ran = subprocess.run(
        [sys.executable, str(tmp_path / "own_file.py")], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str(as_function(imported().loss).as_json())
