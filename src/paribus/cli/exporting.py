"""What `paribus export` does: tidy tables in files, or a study handed to a tracker."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from paribus.cli.stored import stored_results, stored_scale
from paribus.cli.words import plural
from paribus.errors import DeclarationError, Fault, UnknownNameError
from paribus.outgoing import file_name, printable, shareable
from paribus.results.export import FORMATS
from paribus.results.export import export as write
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab

if TYPE_CHECKING:
    from paribus.interop.tracked import TrackedStudy

TRACKERS = ("tensorboard", "mlflow")
LOGS = Path("tensorboard")
"""Where event files go unless told otherwise; one folder that shows all studies."""


def export(
    study: str,
    scale: str | None,
    lab: Lab,
    to: str | None,
    output: Path | None,
    tracking_uri: str | None,
) -> None:
    """Export a study and print where it went and what was left out.

    Raises `UnknownNameError` for an unknown format, `DeclarationError` for options that do not go
    together, and as the parts do.
    """
    to = to or (output.suffix.removeprefix(".") if output else "") or FORMATS[0]
    _check(to, output, tracking_uri)
    if to in FORMATS:
        _export_tables(study, scale, lab, to, output)
        return
    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", "")
    if to == "mlflow":
        _check_uri(uri)
    chosen = stored_scale(study, scale, lab)
    from paribus.interop.tracked import read_study  # noqa: PLC0415

    with Catalogue.open(lab, create=False) as catalogue:
        tracked = read_study(catalogue, *chosen)
    if to == "mlflow":
        _export_runs(tracked, uri)
    else:
        _export_events(tracked, output or LOGS)


def _check(to: str, output: Path | None, tracking_uri: str | None) -> None:
    if to not in (*FORMATS, *TRACKERS):
        raise UnknownNameError("export format", to, (*FORMATS, *TRACKERS))
    faults = []
    if output is not None and to == "mlflow":
        faults.append(Fault("--output", "got a file, but MLflow is a server; leave it out"))
    if tracking_uri is not None and to != "mlflow":
        faults.append(Fault("--tracking-uri", f"is of --to mlflow; got --to {to}"))
    if faults:
        raise DeclarationError("Command line", faults)


def _check_uri(uri: str) -> None:
    if not uri:
        raise DeclarationError(
            "Command line",
            [
                Fault(
                    "--tracking-uri",
                    "is missing; give the address of the tracking server, such as "
                    "http://localhost:5000, here or as MLFLOW_TRACKING_URI",
                )
            ],
        )
    from paribus.interop.mlflow import check_address  # noqa: PLC0415

    check_address(uri)


def _export_tables(
    study: str, scale: str | None, lab: Lab, format: str, output: Path | None
) -> None:
    results = stored_results(study, scale, lab)
    named = file_name(results.document["name"], results.document["scale"])
    for path in write(results, output or Path(f"{named}.{format}"), format):
        typer.echo(path)


def _export_events(study: "TrackedStudy", folder: Path) -> None:
    from paribus.interop.tensorboard import write_events  # noqa: PLC0415

    written = write_events(study, folder)
    typer.echo(written.folder)
    _say(f"{plural(written.runs, 'run')}, {plural(written.numbers, 'number')}")
    if written.not_finite:
        _say(f"{written.not_finite:,} of the numbers not finite as float32")
    _tell_left_out(study)
    _say(f"look at it with: tensorboard --logdir {shlex.quote(str(written.folder))}")


def _export_runs(study: "TrackedStudy", uri: str) -> None:
    from paribus.interop.mlflow import send_runs  # noqa: PLC0415

    sent = send_runs(study, uri)
    typer.echo(printable(sent.address))
    _say(
        f"experiment {sent.experiment}: {plural(sent.new, 'run')} new, {sent.updated} brought "
        f"up to date, {sent.unchanged} as they were"
    )
    if sent.not_finite:
        _say(
            f"{plural(sent.not_finite, 'value')} not finite left out, for MLflow would write "
            "others in their place; see the tag paribus.not_finite of their runs"
        )
    if sent.changed:
        _say(f"written otherwise, for MLflow does not take it as it is: {_some(sent.changed)}")
    _tell_left_out(study)


def _tell_left_out(study: "TrackedStudy") -> None:
    if study.left_out:
        _say(f"left out, for they are no series over epochs: {_some(study.left_out)}")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(name[:80] for name in names[:5]) + more


def _say(text: str) -> None:
    """To stderr: what scripts want of an export, its place, is alone on stdout."""
    typer.echo(printable(shareable(text)), err=True)
