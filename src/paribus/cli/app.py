"""The `paribus` command: reads what was typed, calls one function, prints what comes back.

Imports stand inside the commands, so that `paribus --help` returns before JAX is loaded.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import click
import typer
from rich.console import Console

from paribus.errors import ParibusError

app = typer.Typer(
    name="paribus",
    help="Controlled experiments on neural-network training: vary one thing, hold all else equal.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="A first run: paribus run activations",
)

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A built-in study, or a file that defines STUDY.")
]
ScaleOption = Annotated[
    str | None, typer.Option("--scale", help="Which scale of the study; default: its first.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Replace a recipe field, by dotted path."),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="FACTOR=LABEL,...", help="Keep these levels of a factor."),
]
ReplicatesOption = Annotated[
    int | None, typer.Option("--replicates", help="How many replicates; default: the study's.")
]
LabOption = Annotated[
    Path, typer.Option("--lab", envvar="PARIBUS_LAB", help="The folder that keeps runs.")
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="PARIBUS_DATA", help="A folder that holds data files."),
]
CoresOption = Annotated[
    int | None, typer.Option("--cores", min=1, help="How many cores train; default: all.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
DEFAULT_LAB = Path("paribus-lab")


def main() -> NoReturn:
    """Entry point: runs a command and turns what went wrong into a message and an exit code."""
    try:
        code = app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except ParibusError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {error}", markup=False)
        code = 2
    except (KeyboardInterrupt, click.Abort):
        print("interrupted; what is finished is kept", file=sys.stderr)  # noqa: T201
        code = 130
    except BrokenPipeError:  # the reader of a pipe (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, allow_nan=False))


@app.command("list")
def list_studies(as_json: JsonOption = False) -> None:
    """List the built-in studies, by report."""
    from paribus import studies
    from paribus.cli import display

    rows = [display.study_row(study) for study in studies.ALL]
    if as_json:
        _print_json(rows)
    else:
        display.show_studies(rows)


@app.command()
def plan(
    study: StudyArgument,
    scale: ScaleOption = None,
    set_: SetOption = None,
    only: OnlyOption = None,
    replicates: ReplicatesOption = None,
    data_dir: DataOption = None,
    lab: LabOption = DEFAULT_LAB,
    cores: CoresOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a study would train: conditions, parameters, time and bytes. Trains nothing."""
    from paribus.cli import display
    from paribus.study.estimate import estimate

    planned, options = _planned(study, scale, set_, only, replicates, data_dir, lab, cores)
    if as_json:
        _print_json(planned.as_json())
    else:
        display.show_plan(planned, estimate(planned, options))


@app.command()
def run(
    study: StudyArgument,
    scale: ScaleOption = None,
    set_: SetOption = None,
    only: OnlyOption = None,
    replicates: ReplicatesOption = None,
    data_dir: DataOption = None,
    lab: LabOption = DEFAULT_LAB,
    cores: CoresOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train what the lab does not hold yet, then print the table and write the report."""
    from paribus.cli import display
    from paribus.cli.reporting import report_seconds, run_and_report

    planned, options = _planned(study, scale, set_, only, replicates, data_dir, lab, cores)
    outcome, path = run_and_report(planned, options, quiet=as_json)
    if as_json:
        _print_json(display.outcome_row(outcome, path))
    else:
        display.show_outcome(outcome, path)
    report_seconds(outcome)
    raise typer.Exit(1 if outcome.failures else 0)


def _planned(
    study: str,
    scale: str | None,
    sets: list[str] | None,
    only: list[str] | None,
    replicates: int | None,
    data_dir: Path | None,
    lab: Path,
    cores: int | None,
) -> Any:
    ...
