"""Commands about labs as a whole: compared, cleaned, checked.

A command imports what it needs, and calls one function.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli.commands.base import app, confirmed, lab_of, planned_as_typed, print_json
from paribus.cli.options import (
    DEFAULT_LAB,
    CoresOption,
    DataOption,
    JsonOption,
    LabOption,
    StoredScaleOption,
    StudyArgument,
)

if TYPE_CHECKING:
    from paribus.study.options import RunOptions
    from paribus.study.plan import Plan


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

    found = compare_labs(lab_of(lab_a, "LAB_A"), lab_of(lab_b, "LAB_B"), study, scale)
    if as_json:
        print_json(difference_row(found))
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

    kept = lab_of(lab)
    chosen = stored_scale(study, scale, kept)
    if yes or confirmed(question_of_removal(chosen, kept)):
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

    if cores is not None and not repair:
        raise typer.BadParameter("nothing is trained without --repair", param_hint="--cores")

    def planned(typed: checking.Typed) -> "tuple[Plan, RunOptions]":
        options = (typed.scale, typed.sets, typed.only, typed.replicates, data_dir, lab, cores)
        return planned_as_typed(typed.study, *options)

    kept = lab_of(lab)
    found, repaired = check_lab(kept), None
    if repair and found.damages:
        found, repaired = checking.repair(kept, planned)
    if as_json:
        print_json(checking.check_row(kept, found, repaired))
    else:
        checking.show_check(kept, found, repaired)
    sound = repaired.complete if repaired else not found.damages
    raise typer.Exit(0 if sound else 1)
