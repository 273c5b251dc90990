"""The `paribus` command: reads what was typed, calls one function, prints what comes back.

Imports stand inside the commands, so that `paribus --help` returns before JAX is loaded.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from paribus.cli.options import (
    DEFAULT_LAB,
    AddressOption,
    AllOption,
    CoresOption,
    DataOption,
    FileOption,
    FormatOption,
    JsonOption,
    LabOption,
    OnlyOption,
    OnOption,
    ReplicatesOption,
    ScaleOption,
    SetOption,
    StoredScaleOption,
    StudyArgument,
    StudyOrAllArgument,
)
from paribus.cli.screen import Screen
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

INTERRUPTED = 130

# Typer carries its own copy of Click and exports the leaves of its error tree only.
CLICK_ERROR: Any = typer.BadParameter.__mro__[2]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point: runs a command and turns what went wrong into a message and an exit code.

    `arguments` are those of the command line unless given.
    """
    try:
        code = app(arguments, prog_name="paribus", standalone_mode=False)
    except CLICK_ERROR as error:
        error.show()
        code = 2
    except ParibusError as error:
        Screen(stderr=True, soft_wrap=True).print(f"error: {error}")
        code = 2
    except MemoryError:
        message = "error: out of memory; what is finished is kept, and the same command goes on"
        Screen(stderr=True, soft_wrap=True).print(message)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as leaving:
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        # The reader of a pipe (head, less) has gone: Click would call that a failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    if code == INTERRUPTED:  # Click makes it of Ctrl-C, without a word
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would break off the way out
        print("interrupted; what is finished is kept", file=sys.stderr)  # noqa: T201
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
    """Show what a study would train: conditions, parameters, time and bytes. Keeps nothing."""
    from paribus.cli.planned import json_parts, show_plan
    from paribus.study.estimate import estimate
    from paribus.study.registration import as_registered_in

    planned, options = _planned(study, scale, set_, only, replicates, data_dir, lab, cores)
    planned = as_registered_in(options.lab, planned)
    if as_json:
        sys.stdout.writelines(json_parts(planned))
        sys.stdout.flush()  # a reader that has gone shows itself here, not at exit
    else:
        show_plan(planned, estimate(planned, options))


@app.command()
def register(
    study: StudyArgument,
    scale: ScaleOption = None,
    set_: SetOption = None,
    only: OnlyOption = None,
    replicates: ReplicatesOption = None,
    lab: LabOption = DEFAULT_LAB,
    as_json: JsonOption = False,
) -> None:
    """Register a study before it is run: print its plan, and salt its seeds in this lab."""
    from paribus.cli.registering import page, registration_row
    from paribus.study.registration import register_ahead

    planned, options = _planned(study, scale, set_, only, replicates, None, lab, None)
    made = register_ahead(planned, options.lab)
    if as_json:
        _print_json(registration_row(made))
    else:
        typer.echo(page(made, planned.study.command))


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
    checkpoint_seconds: Annotated[
        float,
        typer.Option("--checkpoint-seconds", min=0, help="About what a killed run may lose."),
    ] = 30.0,
    on: OnOption = "threads",
    address: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train what the lab does not hold yet, then print the table and write the report."""
    from paribus.cli import display
    from paribus.cli.logs import logging_to, tell_outcome
    from paribus.cli.reporting import run_and_report
    from paribus.store.lab import folder_of
    from paribus.study.engine import look_for_workers

    planned, options = _planned(study, scale, set_, only, replicates, data_dir, lab, cores)
    options = replace(options, checkpoint_seconds=checkpoint_seconds, on=on, address=address)
    look_for_workers(options)
    with logging_to(folder_of(options.lab)):
        outcome, told = run_and_report(planned, options)
        code = 1 if outcome.failures or outcome.analysis_failures else 0
        tell_outcome(outcome, code)
    if as_json:
        _print_json(display.outcome_row(outcome, told.report))
    else:
        from paribus.cli.findings import show_findings  # after training: it loads pandas

        display.show_table(told.rows)
        show_findings(told.findings)
        display.show_outcome(outcome, told.report)
    raise typer.Exit(code)


@app.command()
def status(lab: LabOption = DEFAULT_LAB, as_json: JsonOption = False) -> None:
    """Show how far each study of a lab is."""
    from paribus.cli import display
    from paribus.cli.stored import status_rows

    rows = status_rows(_lab(lab))
    if as_json:
        _print_json(rows)
    else:
        display.show_status(rows)


@app.command()
def doctor(
    data_dir: DataOption = None, lab: LabOption = DEFAULT_LAB, as_json: JsonOption = False
) -> None:
    """Look at versions, devices, caches, data and the lab, and say what needs attention."""
    from paribus.cli.doctor import doctor_row, examine, is_well, show_doctor
    from paribus.data.files import find_source

    found = examine(_lab(lab), find_source(data_dir, os.environ))
    if as_json:
        _print_json(doctor_row(found))
    else:
        show_doctor(found)
    raise typer.Exit(0 if is_well(found) else 1)


@app.command()
def table(
    study: StudyArgument,
    scale: StoredScaleOption = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="Such as test/loss; may be repeated.")
    ] = None,
    epoch_rule: Annotated[
        str, typer.Option("--epoch-rule", help="Which epoch speaks: last, or best-validation.")
    ] = "last",
    interval: Annotated[
        str, typer.Option("--interval", help="t, or bootstrap (BCa) from 20 replicates on.")
    ] = "t",
    lab: LabOption = DEFAULT_LAB,
    format_: FormatOption = None,
    output: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print means and 95 % intervals over replicates, a row for each condition."""
    from paribus.cli import display
    from paribus.cli.stored import stored_scale, stored_table

    asked = _asked_format(format_, output, as_json)
    kept = _lab(lab)
    chosen = stored_scale(study, scale, kept)
    document, rows = stored_table(chosen, kept, metric or [], epoch_rule, interval)
    if asked:
        from paribus.cli import collecting

        collecting.put(collecting.table_as(asked, document, rows), output)
    elif as_json:
        _print_json(rows)
    else:
        display.show_table(rows)


@app.command()
def findings(
    study: StudyOrAllArgument = None,
    scale: StoredScaleOption = None,
    every: AllOption = False,
    lab: LabOption = DEFAULT_LAB,
    format_: FormatOption = None,
    output: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what became of a study's claims: a verdict for each, with its evidence."""
    from paribus.cli import collecting

    chosen = collecting.one_or_all(study, every, scale)
    asked = collecting.asked_format(format_, output, as_json)
    found = collecting.found_in(chosen, scale, _lab(lab))
    if asked:
        collecting.put(collecting.findings_as(asked, found), output)
    elif as_json:
        _print_json(collecting.finding_rows(found, every))
    else:
        collecting.show_found(found, every)


@app.command()
def report(
    study: StudyOrAllArgument = None,
    scale: StoredScaleOption = None,
    every: AllOption = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="A folder; default: reports/ in the lab.")
    ] = None,
    lab: LabOption = DEFAULT_LAB,
) -> None:
    """Write a study's report anew, or with --all one page of all claims and verdicts."""
    from paribus.cli.collecting import one_or_all, write_collection_of
    from paribus.cli.stored import stored_results, write_report_of

    chosen = one_or_all(study, every, scale)
    kept = _lab(lab)
    if chosen is None:
        typer.echo(write_collection_of(kept, output))
    else:
        typer.echo(write_report_of(stored_results(chosen, scale, kept), kept, output))


@app.command()
def export(
    study: StudyArgument,
    scale: StoredScaleOption = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="csv or parquet; default: as --output ends."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="A file; default: STUDY-SCALE.FORMAT.")
    ] = None,
    lab: LabOption = DEFAULT_LAB,
) -> None:
    """Write a study's measurements as tidy tables for other programs."""
    from paribus.cli.stored import stored_results
    from paribus.outgoing import file_name
    from paribus.results.export import export as write

    results = stored_results(study, scale, _lab(lab))
    format_ = format_ or (output.suffix.removeprefix(".") if output else "") or "csv"
    named = file_name(results.document["name"], results.document["scale"])
    for path in write(results, output or Path(f"{named}.{format_}"), format_):
        typer.echo(path)


@app.command()
def data(
    download: Annotated[
        list[str] | None, typer.Option("--download", help="A data set to fetch into the cache.")
    ] = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which data sets are there and where; fetch one with --download."""
    from paribus.cli import display
    from paribus.cli.stored import data_rows

    rows = data_rows(data_dir, download or [])
    if as_json:
        _print_json(rows)
    else:
        display.show_data(rows)


@app.command()
def diff(
    lab_a: Annotated[str, typer.Argument(metavar="LAB_A", help="What keeps runs, as --lab.")],
    lab_b: Annotated[str, typer.Argument(metavar="LAB_B", help="Another such lab.")],
    study: Annotated[
        str | None, typer.Argument(metavar="STUDY", help="A study of both; default: all.")
    ] = None,
    scale: Annotated[
        str | None, typer.Option("--scale", help="Which scale of both; default: all.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two labs: same runs same bits, or how far apart, and which verdicts change."""
    from paribus.cli.difference import difference_row, show_difference
    from paribus.cli.labs import compare_labs

    found = compare_labs(_lab(lab_a, "LAB_A"), _lab(lab_b, "LAB_B"), study, scale)
    if as_json:
        _print_json(difference_row(found))
    else:
        show_difference(found)
    raise typer.Exit(1 if found.differs else 0)


@app.command()
def clean(
    study: StudyArgument,
    scale: StoredScaleOption = None,
    lab: LabOption = DEFAULT_LAB,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a study's runs from a lab, but for those that another study of it has too."""
    from paribus.cli.stored import question_of_removal, remove_stored, stored_scale

    kept = _lab(lab)
    chosen = stored_scale(study, scale, kept)
    if yes or _confirmed(question_of_removal(chosen, kept)):
        typer.echo(f"{remove_stored(chosen, kept)} runs deleted")
    else:
        typer.echo("nothing deleted")


@app.command()
def check(
    lab: LabOption = DEFAULT_LAB,
    repair: Annotated[
        bool, typer.Option("--repair", help="Take out what is damaged, and train it again.")
    ] = False,
    data_dir: DataOption = None,
    cores: CoresOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find what is damaged in a lab and say which runs must be trained again, or do it."""
    from paribus.cli import checking
    from paribus.study.repair import check_lab

    def planned(typed: checking.Typed) -> "tuple[Plan, RunOptions]":
        options = (typed.scale, typed.sets, typed.only, typed.replicates, data_dir, lab, cores)
        return _planned(typed.study, *options)

    kept = _lab(lab)
    found, repaired = check_lab(kept), None
    if repair and found.damages:
        found, repaired = checking.repair(kept, planned)
    if as_json:
        _print_json(checking.check_row(kept, found, repaired))
    else:
        checking.show_check(kept, found, repaired)
    sound = repaired.complete if repaired else not found.damages
    raise typer.Exit(0 if sound else 1)


@app.command("check-gradients")
def check_gradients(
    study: StudyArgument,
    scale: ScaleOption = None,
    set_: SetOption = None,
    only: OnlyOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare each condition's gradient with differences of its loss, layer by layer."""
    from paribus.cli.gradients import any_wrong, gradient_rows, show_gradients
    from paribus.study.gradients import check_gradients

    planned, options = _planned(study, scale, set_, only, None, data_dir, DEFAULT_LAB, None)
    rows = gradient_rows(check_gradients(planned, options.source))
    if as_json:
        _print_json(rows)
    else:
        show_gradients(rows)
    raise typer.Exit(1 if any_wrong(rows) else 0)


def _lab(typed: str, argument: str = "--lab") -> "Lab":
    from paribus.store.lab import find_lab

    return find_lab(typed, argument)


def _asked_format(format_: str | None, output: Path | None, as_json: bool) -> str | None:
    """As `collecting.asked_format`, which is loaded only where there is something to check."""
    if format_ is None and output is None:
        return None
    from paribus.cli.collecting import asked_format

    return asked_format(format_, output, as_json)


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ParibusError(
            f"{question} Nobody can answer: stdin is not a terminal. Add --yes to delete them."
        )
    return typer.confirm(printable(question))


def _planned(
    study: str,
    scale: str | None,
    sets: list[str] | None,
    only: list[str] | None,
    replicates: int | None,
    data_dir: Path | None,
    lab: str,
    cores: int | None,
) -> "tuple[Plan, RunOptions]":
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
    options = RunOptions(lab=_lab(lab), source=find_source(data_dir, os.environ), cores=cores)
    return make_plan(scaled, options.source), options
