"""Commands that show what a lab holds, and hand it on.

A command imports what it needs, and calls one function.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.commands.base import app, asked_format, lab_of, print_json
from paribus.cli.options import (
    DEFAULT_LAB,
    AllOption,
    DataOption,
    FileOption,
    FormatOption,
    JsonOption,
    LabOption,
    StoredScaleOption,
    StudyArgument,
    StudyOrAllArgument,
)


@app.command()
def status(lab: LabOption = DEFAULT_LAB, as_json: JsonOption = False) -> None:
    """Show how far each study of a lab is."""
    from paribus.cli import display
    from paribus.cli.stored import status_rows

    rows = status_rows(lab_of(lab))
    if as_json:
        print_json(rows)
    else:
        display.show_status(rows)


@app.command()
def doctor(
    data_dir: DataOption = None, lab: LabOption = DEFAULT_LAB, as_json: JsonOption = False
) -> None:
    """Look at versions, devices, caches, data and the lab, and say what needs attention."""
    from paribus.cli.doctor import doctor_row, examine, is_well, show_doctor
    from paribus.data.files import find_source

    found = examine(lab_of(lab), find_source(data_dir, os.environ))
    if as_json:
        print_json(doctor_row(found))
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

    asked = asked_format(format_, output, as_json)
    kept = lab_of(lab)
    chosen = stored_scale(study, scale, kept)
    document, rows = stored_table(chosen, kept, metric or [], epoch_rule, interval)
    if asked:
        from paribus.cli import collecting

        collecting.put(collecting.table_as(asked, document, rows), output)
    elif as_json:
        print_json(rows)
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
    found = collecting.found_in(chosen, scale, lab_of(lab))
    if asked:
        collecting.put(collecting.findings_as(asked, found), output)
    elif as_json:
        print_json(collecting.finding_rows(found, every))
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
    kept = lab_of(lab)
    if chosen is None:
        typer.echo(write_collection_of(kept, output))
    else:
        typer.echo(write_report_of(stored_results(chosen, scale, kept), kept, output))


@app.command("export")
def export_study(
    study: StudyArgument,
    scale: StoredScaleOption = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            "--format",
            help="csv, parquet, tensorboard or mlflow; default: as --output ends, or csv.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="A file; default: STUDY-SCALE.FORMAT. For TensorBoard a folder of logs; "
            "default: tensorboard.",
        ),
    ] = None,
    tracking_uri: Annotated[
        str | None,
        typer.Option(
            "--tracking-uri",
            metavar="URI",
            help="The MLflow server; default: MLFLOW_TRACKING_URI.",
        ),
    ] = None,
    lab: LabOption = DEFAULT_LAB,
) -> None:
    """Write a study's measurements as tidy tables, or hand them to TensorBoard or MLflow."""
    from paribus.cli.exporting import export

    export(study, scale, lab_of(lab), to, output, tracking_uri)


@app.command()
def eject(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A stored run: its key, or the key's first digits."),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help="A new folder; default: run- and 8 digits.")
    ] = None,
    study: Annotated[
        str | None,
        typer.Option("--study", help="The run's study file, where its data are arrays in it."),
    ] = None,
    data_dir: DataOption = None,
    lab: LabOption = DEFAULT_LAB,
    as_json: JsonOption = False,
) -> None:
    """Write a stored run as one PyTorch script, with its data, order and weights beside it."""
    from paribus.cli.eject import eject_run, show_ejected
    from paribus.data.files import find_source

    row = eject_run(run, lab_of(lab), to, find_source(data_dir, os.environ), study)
    if as_json:
        print_json(row)
    else:
        show_ejected(row)


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
        print_json(rows)
    else:
        display.show_data(rows)


@app.command()
def ui(
    lab: LabOption = DEFAULT_LAB,
    host: Annotated[
        str, typer.Option("--host", help="The address to bind to; 0.0.0.0 shows it to others.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 for any that is free.")
    ] = 8642,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser.")
    ] = False,
) -> None:
    """Show a lab in a browser, while its studies run and after. Changes nothing."""
    from paribus.cli.ui import show_lab
    from paribus.interrupts import raising_on_interrupt

    with raising_on_interrupt():
        show_lab(lab_of(lab), host, port, not no_browser)
