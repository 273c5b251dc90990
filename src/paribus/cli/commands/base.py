"""What the commands share: the program they belong to, and how what was typed is read.

Imports stand inside the functions, so that `paribus --help` returns before JAX is loaded.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from paribus.errors import ParibusError
from paribus.outgoing import printable

if TYPE_CHECKING:
    from paribus.store.lab import Lab
    from paribus.study.options import RunOptions
    from paribus.study.plan import Plan

app = typer.Typer(
    name="paribus",
    help="Controlled experiments on neural-network training: vary one thing, hold all else equal.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="A first run: paribus run activations",
)


def print_json(content: Any) -> None:
    """Print JSON, which has no infinities."""
    typer.echo(json.dumps(content, allow_nan=False))


def lab_of(typed: str, argument: str = "--lab") -> "Lab":
    """The lab that was typed. Raises `LabError` for what is none."""
    from paribus.store.lab import find_lab

    return find_lab(typed, argument)


def asked_format(format_: str | None, output: Path | None, as_json: bool) -> str | None:
    """As `collecting.asked_format`, which is loaded only where there is something to check."""
    if format_ is None and output is None:
        return None
    from paribus.cli.collecting import asked_format

    return asked_format(format_, output, as_json)


def confirmed(question: str) -> bool:
    """Whether the user says yes. Raises `ParibusError` where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise ParibusError(
            f"{question} Nobody can answer: stdin is not a terminal. Add --yes to delete them."
        )
    return typer.confirm(printable(question))


def planned_as_typed(
    study: str,
    scale: str | None,
    sets: list[str] | None,
    only: list[str] | None,
    replicates: int | None,
    data_dir: Path | None,
    lab: str,
    cores: int | None,
) -> "tuple[Plan, RunOptions]":
    """The plan that was typed, and how it is to be carried out. Raises as `make_plan` does."""
    from paribus.cli.arguments import command_line, find_study, parse_only, parse_sets
    from paribus.data.files import find_source
    from paribus.study.options import RunOptions
    from paribus.study.plan import make_plan

    declared = find_study(study)
    scaled = declared.at(
        scale, values=parse_sets(sets or []), only=parse_only(only or []), replicates=replicates
    )
    typed = {"--set": sets, "--only": only, "--replicates": replicates and [replicates]}
    scaled = replace(scaled, command=command_line(study, scaled.scale, typed))
    options = RunOptions(lab=lab_of(lab), source=find_source(data_dir, os.environ), cores=cores)
    return make_plan(scaled, options.source), options
