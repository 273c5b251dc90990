"""Commands that declare, plan and train studies.

A command imports what it needs, and calls one function.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.commands.base import app, planned_as_typed, print_json
from paribus.cli.options import (
    DEFAULT_LAB,
    AddressOption,
    CoresOption,
    DataOption,
    FileOption,
    JsonOption,
    LabOption,
    OnlyOption,
    OnOption,
    ReplicatesOption,
    ScaleOption,
    SetOption,
    StudyArgument,
)


@app.command("list")
def list_studies(as_json: JsonOption = False) -> None:
    """List the built-in studies, by report."""
    from paribus import studies
    from paribus.cli import display

    rows = [display.study_row(study) for study in studies.ALL]
    if as_json:
        print_json(rows)
    else:
        display.show_studies(rows)


@app.command()
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Of the study; its file is NAME.py.")
    ],
) -> None:
    """Write a commented study file that runs, to begin with."""
    from paribus.cli.new import next_steps, write_study

    write_study(name, Path())
    typer.echo(next_steps(name))


@app.command()
def schema(output: FileOption = None) -> None:
    """Print the JSON Schema of a study, by which an editor checks a study file in JSON."""
    from paribus.cli.schema import schema_text, write_schema

    if output is None:
        typer.echo(schema_text())
    else:
        write_schema(output)
        typer.echo(output)


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

    planned, options = planned_as_typed(study, scale, set_, only, replicates, data_dir, lab, cores)
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

    planned, options = planned_as_typed(study, scale, set_, only, replicates, None, lab, None)
    made = register_ahead(planned, options.lab)
    if as_json:
        print_json(registration_row(made))
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

    planned, options = planned_as_typed(study, scale, set_, only, replicates, data_dir, lab, cores)
    options = replace(options, checkpoint_seconds=checkpoint_seconds, on=on, address=address)
    look_for_workers(planned, options)
    with logging_to(folder_of(options.lab)):
        outcome, told = run_and_report(planned, options)
        code = 1 if outcome.failures or outcome.analysis_failures else 0
        tell_outcome(outcome, code)
    if as_json:
        print_json(display.outcome_row(outcome, told.report))
    else:
        from paribus.cli.findings import show_findings  # after training: it loads pandas

        display.show_table(told.rows)
        show_findings(told.findings)
        display.show_outcome(outcome, told.report)
    raise typer.Exit(code)


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

    planned, options = planned_as_typed(
        study, scale, set_, only, None, data_dir, DEFAULT_LAB, None
    )
    rows = gradient_rows(check_gradients(planned, options.source))
    if as_json:
        print_json(rows)
    else:
        show_gradients(rows)
    raise typer.Exit(1 if any_wrong(rows) else 0)
