"""The docs name all that a user can declare or type, and nothing else.

That what they show works is tested in `tests/docs`.
"""

import ast
import dataclasses
import json
import re
import runpy
import shlex
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from pydantic_core import PydanticUndefined
from typer.main import get_command

from cli.example_difference import example_difference
from paribus import analyses, models, probes, studies
from paribus.analyses.base import Analysis
from paribus.claims import Claim
from paribus.claims.findings import findings
from paribus.cli.app import app
from paribus.cli.arguments import find_study, parse_only, parse_sets
from paribus.cli.checking import Repaired, Trained, check_row
from paribus.cli.difference import difference_row
from paribus.cli.display import outcome_row, study_row
from paribus.cli.doctor import Finding, doctor_row
from paribus.cli.findings import finding_row
from paribus.cli.gradients import gradient_rows
from paribus.cli.registering import registration_row
from paribus.cli.stored import status_rows
from paribus.data import catalogue
from paribus.data.base import Source
from paribus.design.factor import Factor
from paribus.models.activations import ACTIVATIONS
from paribus.objectives.losses import LOSSES
from paribus.probes.base import Probe
from paribus.probes.gradient_check import GradientCheck, LayerCheck
from paribus.results.table import Row
from paribus.results.tidy import tidy
from paribus.spec import Spec, Traced
from paribus.store.catalogue import Catalogue
from paribus.store.integrity import Damage
from paribus.store.records import Member
from paribus.study.gradients import ConditionCheck
from paribus.study.outcome import Outcome
from paribus.study.registration import register_ahead
from paribus.study.repair import Again, Checked
from paribus.study.scaled import RESERVED, Reported
from paribus.study.study import Study
from paribus.training.recipe import Recipe
from report import example_lab
from results.example_studies import activation_runs

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RECIPE = ROOT / "docs" / "recipe.md"
PROBES = ROOT / "docs" / "probes.md"
ANALYSES = ROOT / "docs" / "analyses.md"
FIGURES = ROOT / "docs" / "figures.md"
DECLARED = (RECIPE, PROBES, ANALYSES, FIGURES)
COMMANDS = ROOT / "docs" / "commands.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FIELD = re.compile(r"`(?:([\w.]+)\.)?([a-z]\w*)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
TYPED = get_command(app).commands
WORDS = {
    "Every data set": "DataSpec",
    "Every figure": "_Shown",
    "Every optimizer": "Optimizer",
    "Every probe": "Probe",
}


def text_of(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    return FENCE.sub("", text_of(page))


def blocks(language):
    return [
        pytest.param(body, id=f"{page.name}-{number}")
        for page in PAGES
        for number, (name, body) in enumerate(FENCE.findall(text_of(page)), start=1)
        if name == language
    ]


def sections(text):
    """What stands under each heading, down to the next one of any level."""
    parts = HEADING.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text):
    """The rows of all tables, as lists of cells."""
    lines = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" |")] for line in lines]


def links():
    return [
        pytest.param(page, target, id=f"{page.relative_to(ROOT)}-{target}")
        for page in PAGES
        for target in dict.fromkeys(LINK.findall(prose(page)))
        if "://" not in target
    ]


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    titles = HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("page", "target"), links())
def test_links_lead_somewhere(page, target):
    name, _, anchor = target.partition("#")
    goal = (page.parent / name).resolve() if name else page
    assert goal.exists()
    assert not anchor or anchor in anchors(goal)


# What a user declares


def specs_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, Spec | Factor | Reported):
        return {annotation}
    return set().union(*(specs_in(part) for part in get_args(annotation)))


def literals_in(annotation):
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return set().union(*(literals_in(part) for part in get_args(annotation)))


def fields_of(declaration):
    """Annotation, default and whether it is traced, of each field that a user gives."""
    if issubclass(declaration, Spec):
        return {
            name: (
                one.annotation,
                one.get_default(call_default_factory=True, validated_data={}),
                any(isinstance(m, Traced) for m in one.metadata),
            )
            for name, one in declaration.model_fields.items()
        }
    required = {dataclasses.MISSING: PydanticUndefined}
    given = [one for one in dataclasses.fields(declaration) if one.init]
    return {one.name: (one.type, required.get(one.default, one.default), False) for one in given}


def declarations():
    """Every declaration that a study can hold; claims have a page and a test of their own."""
    offered = [getattr(one, name) for one in (probes, analyses) for name in one.__all__]
    waiting = {Study, Recipe, models.Widths}
    waiting |= {one for one in offered if is_spec(one, Probe) or is_spec(one, Analysis)}
    found = {Probe, Analysis}
    while waiting:
        one = waiting.pop()
        found.add(one)
        mentioned = [specs_in(annotation) for annotation, _, _ in fields_of(one).values()]
        waiting |= {one for one in set().union(*mentioned) - found if not is_spec(one, Claim)}
    return sorted(found - {Probe, Analysis, Spec}, key=title_of)


def title_of(declaration):
    """Its name; with its package where two have one name."""
    name = declaration.__name__
    return f"{declaration.__module__.split('.')[1]}.{name}" if name == "Own" else name


def is_spec(one, role):
    return isinstance(one, type) and issubclass(one, role)


def documented(declaration):
    """The default of each field as the docs have it, and whether it is marked as traced.

    A field stands in the section of its declaration (or of a base), or anywhere as Class.field.
    """
    names = {title_of(one) for one in declaration.__mro__}
    found = {}
    for page in DECLARED:
        for title, text in sections(prose(page)).items():
            for cells in rows(text):
                for owner, field in FIELD.findall(cells[0]) if len(cells) == 4 else ():
                    if (owner or WORDS.get(title, title)) in names:
                        found[field] = (value_of(cells[2]), "**T**" in cells[0])
    return found


def value_of(cell):
    """The default that a cell shows; a declaration's default is the declaration made of none."""
    code = cell.strip("`")
    made = re.fullmatch(r"(\w+)\(\)", code)
    if made:
        return next(one for one in declarations() if one.__name__ == made[1])()
    return PydanticUndefined if cell == "required" else ast.literal_eval(code)


@pytest.mark.parametrize("declaration", declarations(), ids=title_of)
def test_every_field_is_documented_with_its_default(declaration):
    expected = {name: tuple(rest) for name, (_, *rest) in fields_of(declaration).items()}
    assert documented(declaration) == {
        name: rest for name, rest in expected.items() if name != "kind"
    }


@pytest.mark.parametrize("declaration", declarations(), ids=title_of)
def test_every_declaration_and_value_is_documented(declaration):
    values = set().union(*(literals_in(one) for one, _, _ in fields_of(declaration).values()))
    text = "".join(map(prose, DECLARED))
    spans = {span.strip('"') for span in re.findall(r"`([^`]+)`", text)}
    assert not {value for value in values if value not in spans}
    assert re.search(rf"\b{re.escape(title_of(declaration))}\b", text)


@pytest.mark.parametrize(
    "probe",
    [one for one in declarations() if issubclass(one, Probe)],
    ids=title_of,
)
def test_every_quantity_of_a_probe_is_documented_with_its_axes(probe):
    shown = quantities_shown(PROBES, probe.__name__) if probe.QUANTITIES else {}
    assert shown == {name: ", ".join(("epoch", *axes)) for name, axes in probe.QUANTITIES.items()}


def quantities_shown(page, title):
    """The axes of each quantity of a section, by its name."""
    return {
        name: cells[1]
        for cells in rows(sections(prose(page))[title])
        for name in re.findall(r"`(\w+/\w+)`", cells[0])
    }


@pytest.mark.parametrize(
    "analysis",
    [one for one in declarations() if issubclass(one, Analysis)],
    ids=title_of,
)
def test_every_quantity_of_an_analysis_is_documented_as_in_the_code(analysis):
    """Its docstring says what it gives, as in "`line/train_loss` (pair, position)"."""
    said = " ".join(analysis.__doc__.split())
    expected = {
        name: axes
        for names, axes in re.findall(r"((?:`\w+/\w+`(?:, )?)+) \(([a-z, ]+)\)", said)
        for name in re.findall(r"`(\w+/\w+)`", names)
    }
    assert expected
    assert quantities_shown(ANALYSES, analysis.__name__) == expected


@pytest.mark.parametrize("declaration", declarations(), ids=title_of)
def test_every_kind_is_documented(declaration):
    kind = declaration.model_fields.get("kind") if issubclass(declaration, Spec) else None
    spans = re.findall(r"`([^`]+)`", "".join(map(prose, DECLARED)))
    assert kind is None or kind.default in spans


@pytest.mark.parametrize(
    ("title", "names"),
    [("Activations", ACTIVATIONS), ("Loss", LOSSES)],
    ids=["activations", "losses"],
)
def test_every_function_has_its_formula(title, names):
    head, *table = rows(sections(prose(RECIPE))[title])
    assert head[:2] in (["name", "formula"], ["name", "one example"])
    assert {cells[0].strip('`"') for cells in table if cells[1]} == set(names)


def test_every_data_set_is_documented():
    spans = re.findall(r"`([^`]+)`", prose(RECIPE) + prose(COMMANDS))
    assert not [name for name in map(catalogue.name_of, catalogue.ALL) if name not in spans]


# The studies


def test_pages_of_the_studies_are_what_their_declarations_say():
    make = runpy.run_path(str(ROOT / "docs" / "make_studies.py"))
    folder = ROOT / "docs" / "studies"
    durations = json.loads(text_of(folder / "durations.json"))
    assert set(durations["seconds"]) <= {study.name for study in studies.ALL}
    found = {page.name: text_of(page) for page in folder.glob("*.md")}
    assert found == make["pages"](durations), "`make docs` writes them anew"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10_000, "10_000"),
        (9_999, "9999"),
        (True, "True"),
        (0.5, "0.5"),
        ("relu", '"relu"'),
        ((), "()"),
        ((64,), "(64,)"),
        ((64, 64), "(64, 64)"),
        ((256,) * 6, "(256,) * 6"),
        (models.MLP(), "MLP()"),
        (models.MLP(hidden=(5, 4), dropout=0.2), "MLP(hidden=(5, 4), dropout=0.2)"),
        (models.Pool(mode="average"), 'Pool(mode="average")'),
    ],
    ids=str,
)
def test_a_page_shows_values_as_they_are_typed(value, text):
    shown = runpy.run_path(str(ROOT / "docs" / "make_studies.py"))["shown"]
    assert shown(value) == text
    assert eval(text, vars(models)) == value


def test_a_page_says_how_long_a_study_took_and_on_what():
    make = runpy.run_path(str(ROOT / "docs" / "make_studies.py"))
    took = {"demo": {"seconds": 7.2}, "full": {"seconds": 150, "of": "1 of 5 replicates"}}
    durations = {"machine": "two cores of a kind", "seconds": {"activations": took}}
    chosen = [study for study in studies.ALL if study.name in {"activations", "sensitivity"}]
    found = make["pages"](durations, chosen)
    page = found["activations.md"]
    assert re.search(r"^\| demo \|.*\| 7 s \|$", page, re.MULTILINE)
    assert re.search(r"^\| full \|.*\| 2 min 30 s \(1 of 5 replicates\) \|$", page, re.MULTILINE)
    assert "Times are those of two cores of a kind." in page
    assert "not measured" not in page
    assert "not measured" in found["sensitivity.md"]


def test_words_that_no_factor_can_have_are_documented():
    spans = re.findall(r"`([^`]+)`", sections(prose(RECIPE))["Factor"])
    assert not RESERVED - set(spans)


# What a user types


def options_of(command):
    given = [one for one in TYPED[command].params if one.param_type_name == "option"]
    return {option for one in given for option in one.opts}


def test_every_option_is_documented_with_its_commands():
    shown = {
        cells[0].strip("`").split()[0]: set(cells[1].split(", "))
        for cells in rows(sections(prose(COMMANDS))["Options"])
        if cells[0].startswith("`--")
    }
    typed = {(option, name) for name in TYPED for option in options_of(name)}
    assert {(option, name) for option, names in shown.items() for name in names} == typed


def test_every_command_has_a_section():
    titles = [title for title in sections(prose(COMMANDS)) if title.startswith("paribus ")]
    assert titles == [f"paribus {name}" for name in TYPED]


def test_every_variable_is_documented():
    variables = {one.envvar for command in TYPED.values() for one in command.params} - {None}
    table = sections(prose(COMMANDS))["Environment variables"]
    assert not [name for name in variables if f"`{name}`" not in table]


def commands_in(block):
    """The arguments of every `paribus` command of a console block."""
    for line in block.splitlines():
        for part in re.split(r"\s(?:\||&&)\s", line):
            words = shlex.split(part, comments=True)
            words = words[next((n for n, word in enumerate(words) if "=" not in word), 0) :]
            if words[:1] == ["paribus"]:
                yield words[1:]


def own_studies():
    """The study files that the docs show, by their first lines, and the names of their studies."""
    shown = [block.values[0] for block in blocks("python")]
    files = [code for code in shown if code.startswith("# ")]
    names = re.findall(r'^    name="(.+)"', "\n".join(files), re.MULTILINE)
    return {code.split("\n")[0].removeprefix("# ") for code in files} | set(names)


@pytest.mark.parametrize("block", [*blocks("console"), *blocks("bash"), *blocks("sh")])
def test_commands_shown_can_be_typed(block):
    for name, *arguments in commands_in(block):
        given = TYPED[name].make_context(name, arguments).params
        if given.get("study") and given["study"] not in own_studies():
            sets, only = parse_sets(given.get("set_") or []), parse_only(given.get("only") or [])
            find_study(given["study"]).at(given["scale"], values=sets, only=only).resolved()
        assert not set(given.get("download") or []) - set(map(catalogue.name_of, catalogue.ALL))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_prose_are_there(page):
    for command in re.findall(r"`paribus ([a-z][^`]*)`", prose(page)):
        name, *words = shlex.split(command)
        assert {word for word in words if word.startswith("--")} <= options_of(name) | {"--help"}


@pytest.mark.parametrize("block", blocks("console"))
def test_make_targets_shown_are_there(block):
    shown = re.findall(r"^make (?:\w+=\S+ )*([a-z]+)", block, re.MULTILINE)
    assert set(shown) <= set(re.findall(r"(?m)^([a-z]+):", text_of(ROOT / "Makefile")))


def shape(value):
    """The keys of JSON, level by level; what a condition or a recipe holds is the user's own."""
    if isinstance(value, dict):
        free = {"condition", "content", "recipe"}
        return {name: None if name in free else shape(part) for name, part in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


LAYER_CHECK = LayerCheck("1", 10, 10, 0, 1e-9, 1e-9, "weight[0, 0]")


@pytest.fixture
def printed(tmp_path):
    """What each command prints with --json, of a study that is planned and not trained."""
    planned = studies.ALL[0].plan()
    with Catalogue.open(tmp_path, create=True) as lab:
        lab.put_study(planned.entry)
    return {
        "list": [study_row(studies.ALL[0])],
        "plan": planned.as_json(),
        "eject": {"run": "", "folder": "", "files": [""]},
        "register": registration_row(register_ahead(planned, tmp_path / "registered")),
        "run": outcome_row(Outcome(planned, tmp_path), None),
        "status": status_rows(tmp_path),
        "doctor": doctor_row([Finding("lab", "content", "nothing yet")]),
        "table": [dict.fromkeys(Row.__annotations__)],
        "findings": [json.loads(json.dumps(finding_row(_finding())))],
        "data": catalogue.describe(Source(tmp_path)),
        "diff": json.loads(json.dumps(difference_row(example_difference()))),
        "check": check_row(tmp_path, *_checked()),
        "check-gradients": gradient_rows([ConditionCheck({}, GradientCheck((), LAYER_CHECK))]),
    }


def _checked():
    again = Again("activations", "demo", "paribus run activations", (Member("4f0c", {}, 0),))
    damage = Damage("run", "run 4f0c is damaged", 1, "4f0c")
    repaired = Repaired(None, (Trained(again, 1),), complete=True)
    return Checked(79, (damage,), (again,), (), ()), repaired


def _finding():
    made = example_lab.study("activations", claims=example_lab.claimed(example_lab.CLAIMS[0]))
    return findings(tidy(made, activation_runs(made)))[0]


@pytest.mark.parametrize("name", [name for name in TYPED if "--json" in options_of(name)])
def test_json_is_printed_as_documented(name, printed):
    section = text_of(COMMANDS).split(f"## paribus {name}\n")[1].split("\n## ")[0]
    example = dict(FENCE.findall(section))["json"]
    assert shape(json.loads(example)) == shape(printed[name])
