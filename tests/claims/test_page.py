"""The page on claims has every family with its arguments, and every field with its default."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic_core import PydanticUndefined

from paribus.claims import AnyClaim, Claim

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
FAMILIES = get_args(get_args(AnyClaim)[0])


def documented():
    """The default of each field by (class, field), from the tables of four columns."""
    found = {}
    for line in re.findall(r"^\| (.+) \|$", PAGE, re.MULTILINE):
        cells = [cell.strip() for cell in line.split(" |")]
        for owner, field in re.findall(r"`(?:(\w+)\.)?([a-z]\w*)`", cells[0]):
            if len(cells) == 4:
                default = cells[2].strip("`")
                value = PydanticUndefined if default == "required" else ast.literal_eval(default)
                found[owner or "Claim", field] = value
    return found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.__name__)
def test_every_field_has_its_default(family):
    page = documented()
    for name, field in family.model_fields.items():
        owners = [one.__name__ for one in family.__mro__ if (one.__name__, name) in page]
        if name != "kind":
            assert owners, f"{family.__name__}.{name} is not documented"
            assert page[owners[0], name] == field.default, name


def test_every_field_documented_is_there():
    owners = {one.__name__: one for family in FAMILIES for one in family.__mro__}
    for owner, name in documented():
        assert name in owners[owner].model_fields, f"{owner}.{name}"
    assert {("Claim", name) for name in Claim.model_fields} <= set(documented())


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.__name__)
def test_every_family_has_its_arguments_by_position(family):
    (shown,) = re.findall(rf"^\| `{family.__name__}\((.*)\)` \|", PAGE, re.MULTILINE)
    names = [name for name, field in family.model_fields.items() if field.kw_only is False]
    given = [word for word in shown.split(", ") if "=" not in word]
    if family.__name__ == "Order":
        assert shown.startswith("metric, [")
    else:
        assert given == names
