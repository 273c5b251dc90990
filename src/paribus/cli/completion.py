"""What a shell offers when TAB is pressed: studies, and the scales, factors and levels of one.

Nothing is imported and nothing is run: a declaration is read as the text that it is, which takes
milliseconds, and what it computes rather than spells out is not offered. Shells evaluate what
they are offered, so only plain words are.
"""

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from paribus import studies

VARIABLE = "_PARIBUS_COMPLETE"
"""By which a shell says that it asks for words, and which shell it is."""
_FACTOR = "_PARIBUS_COMPLETE_FACTOR"
_PLAIN = re.compile(r"[\w.+-]+", re.ASCII)


@dataclass(frozen=True)
class Spelled:
    """What a declaration spells out: its scales, and labels by factor."""

    scales: tuple[str, ...] = ()
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def complete_study(incomplete: str) -> list[str]:
    """Built-in studies, and the files of this folder that may hold one, that begin like this."""
    here = sorted(path.name for path in Path().iterdir() if path.suffix in (".py", ".json"))
    return _offered([*studies.NAMES, *here], incomplete)


def complete_scale(context: typer.Context, incomplete: str) -> list[str]:
    """The scales of the study that was typed, that begin like this."""
    return _offered(_typed(context).scales, incomplete)


def complete_only(context: typer.Context, incomplete: str) -> list[str]:
    """`factor=`, then `factor=label` and `factor=label,label`, of the study that was typed."""
    factors = _typed(context).factors
    head = ""
    factor = os.environ.get(_FACTOR)
    if factor is None:
        factor, sign, incomplete = incomplete.partition("=")
        if not sign:
            return [f"{name}=" for name in _offered(factors, factor)]
        head = f"{factor}="
    chosen, comma, label = incomplete.rpartition(",")
    left = [one for one in factors.get(factor, ()) if one not in chosen.split(",")]
    return [f"{head}{chosen}{comma}{one}" for one in _offered(left, label)]


def join_words(environment: MutableMapping[str, str]) -> None:
    """Undoes that bash, asking for words, takes `--only factor=label` for four of them.

    The words `factor` and `=` are taken out, and `complete_only` is told of the factor.
    """
    if environment.get(VARIABLE) != "complete_bash":
        return
    words = environment.get("COMP_WORDS", "").split("\n")
    here = int(environment.get("COMP_CWORD", "0"))
    if words[here : here + 1] == ["="]:
        words.insert(here + 1, "")
        here += 1
    if here >= 3 and words[here - 3] == "--only" and words[here - 1] == "=":
        environment[_FACTOR] = words[here - 2]
        del words[here - 2 : here]
        environment.update(COMP_WORDS="\n".join(words), COMP_CWORD=str(here - 2))


def spelled(study: str) -> Spelled:
    """What the declaration of a study spells out; nothing of one that cannot be read."""
    path = Path(study)
    if study in studies.NAMES:
        path = Path(studies.__file__).with_name(f"{study.replace('-', '_')}.py")
    try:
        text = path.read_text(encoding="utf-8")
        return _of_json(json.loads(text)) if path.suffix == ".json" else _of_python(text)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return Spelled()


def _offered(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete) and _PLAIN.fullmatch(word)]


def _typed(context: typer.Context) -> Spelled:
    # An option that has no value yet leaves the words before it where they were.
    words = [context.params.get("study"), *context.args]
    return next((spelled(word) for word in words if word), Spelled())


def _of_json(document: Any) -> Spelled:
    fields = document if isinstance(document, dict) else {}
    scales, factors = fields.get("scales"), fields.get("factors")
    found = [one for one in factors if isinstance(one, dict)] if isinstance(factors, list) else []
    return Spelled(
        tuple(scales) if isinstance(scales, dict) else (),
        dict(_labels(one.get("path"), one.get("name"), one.get("levels")) for one in found),
    )


def _of_python(text: str) -> Spelled:
    named = dict(_assigned(ast.parse(text)))
    fields = _arguments(named.get("STUDY"), "Study", ())
    scales, factors = fields.get("scales"), _followed(fields.get("factors"), named)
    calls = [_followed(one, named) for one in getattr(factors, "elts", ())]
    arguments = [_arguments(one, "Factor", ("path", "levels", "name")) for one in calls]
    parts = [
        [_value(one.get(part)) for part in ("path", "name", "levels")] for one in arguments if one
    ]
    return Spelled(
        tuple(_keys(scales)) if isinstance(scales, ast.Dict) else (),
        dict(_labels(*part) for part in parts),
    )


def _assigned(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def _followed(node: ast.expr | None, named: Mapping[str, ast.expr]) -> ast.expr | None:
    return named.get(node.id) if isinstance(node, ast.Name) else node


def _arguments(
    node: ast.expr | None, called: str, positions: tuple[str, ...]
) -> dict[str, ast.expr]:
    """What is passed to a call of this name, by name; nothing of what is no such call."""
    if not isinstance(node, ast.Call):
        return {}
    if getattr(node.func, "id", getattr(node.func, "attr", "")) != called:
        return {}
    given = dict(zip(positions, node.args, strict=False))
    return given | {one.arg: one.value for one in node.keywords if one.arg}


def _value(node: ast.expr | None) -> Any:
    """A literal's value; of a dict, whose values may be anything, the keys."""
    if node is None:
        return None
    try:
        return list(_keys(node)) if isinstance(node, ast.Dict) else ast.literal_eval(node)
    except ValueError:  # it is computed
        return None


def _keys(node: ast.Dict) -> Iterator[str]:
    return (str(ast.literal_eval(key)) for key in node.keys if isinstance(key, ast.Constant))


def _labels(path: Any, name: Any, levels: Any) -> tuple[str, tuple[str, ...]]:
    """A factor's name and labels, as `Factor` gives them to plain values."""
    known = name or str(path or "").rpartition(".")[2]
    values = levels if isinstance(levels, list | tuple | dict) else ()
    plain = [one for one in values if isinstance(one, str | int | float)]
    return str(known), tuple(map(str, plain))
