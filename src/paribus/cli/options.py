"""Arguments and options that several commands take."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from paribus.cli.completion import complete_only, complete_scale, complete_study

StudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A built-in study, or a file that defines STUDY.",
        autocompletion=complete_study,
    ),
]
StudyOrAllArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="STUDY",
        help="A study that the lab holds; or --all.",
        autocompletion=complete_study,
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="All studies of the lab.")]
FormatOption = Annotated[
    str | None,
    typer.Option("--format", help="markdown, latex or csv; default: for people."),
]
FileOption = Annotated[
    Path | None, typer.Option("--output", help="A file in place of stdout.", dir_okay=False)
]
ScaleOption = Annotated[
    str | None,
    typer.Option(
        "--scale",
        help="Which scale of the study; default: its first.",
        autocompletion=complete_scale,
    ),
]
StoredScaleOption = Annotated[
    str | None,
    typer.Option(
        "--scale",
        help="Which stored scale; default: the only one, or demo.",
        autocompletion=complete_scale,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Replace a recipe field, by dotted path."),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="FACTOR=LABEL,...",
        help="Keep these levels of a factor.",
        autocompletion=complete_only,
    ),
]
ReplicatesOption = Annotated[
    int | None, typer.Option("--replicates", help="How many replicates; default: the study's.")
]
LabOption = Annotated[
    str,
    typer.Option("--lab", envvar="PARIBUS_LAB", help="What keeps runs: a folder, or a database."),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="PARIBUS_DATA", help="A folder that holds data files."),
]
CoresOption = Annotated[
    int | None, typer.Option("--cores", min=1, help="How many cores train; default: all.")
]
OnOption = Annotated[
    Literal["threads", "processes", "ray"],
    typer.Option("--on", help="What trains: threads of this process, processes, or Ray."),
]
AddressOption = Annotated[
    str | None,
    typer.Option("--address", metavar="HOST:PORT", help="The Ray cluster; default: one here."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
DEFAULT_LAB = "paribus-lab"
