"""Declarations of what a report shows: each a figure or a table, of stored measurements alone.

A study without a list of them gets the ones that its measurements allow. They are stored with
the study, so a report can be made without the code that declared it. `paribus.report` draws them.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from paribus.spec import Spec


class _Shown(Spec):
    """What all have: a title of the study's own in place of the usual one, and a remark.

    `at` keeps the conditions with these labels by factor; those of other factors are all shown.
    """

    title: str = ""
    remark: str = ""
    at: Mapping[str, str] = {}


class FinalValues(_Shown):
    """Mean and interval of a metric at the last epoch, a row per condition, replicates as dots.

    `conditions` chooses levels of the study's first factor, in the order shown; without, all.
    """

    kind: Literal["final_values"] = "final_values"
    metric: str
    conditions: tuple[str, ...] = ()


class LearningCurves(_Shown):
    """A metric by epoch: mean over replicates with a band, a colour per condition."""

    kind: Literal["learning_curves"] = "learning_curves"
    metric: str
    log: bool | None = None


class LayerCurves(_Shown):
    """A per-layer metric by epoch, a line per layer and a panel per condition."""

    kind: Literal["layer_curves"] = "layer_curves"
    metric: str


class LayerHeatmap(_Shown):
    """A per-layer metric as colours, layer by level of a factor, a panel per level of the others.

    On the page a slider chooses the epoch; in a file it is the last.
    """

    kind: Literal["layer_heatmap"] = "layer_heatmap"
    metric: str
    factor: str


class AgainstParameters(_Shown):
    """Metrics at the last epoch against the number of trained parameters, on a log axis.

    `conditions` as of `FinalValues`.
    """

    kind: Literal["against_parameters"] = "against_parameters"
    metrics: tuple[str, ...]
    conditions: tuple[str, ...] = ()


class AgainstLevels(_Shown):
    """Metrics at the last epoch against a factor whose labels are numbers, a panel per metric."""

    kind: Literal["against_levels"] = "against_levels"
    metrics: tuple[str, ...]
    factor: str
    log: bool = False


class Along(_Shown):
    """A measurement at the last epoch along an axis of its own, a line per condition.

    Such as the minimal ratio over tolerances, or the loss over the steps of a second phase.
    """

    kind: Literal["along"] = "along"
    metric: str
    axis: str
    log_axis: bool = False
    log: bool = False


class RunScatter(_Shown):
    """One point per run: a metric against another, both at the last epoch.

    Runs in which `unless` (a metric that is 0 or 1) is 0 are marked, as `unless_label` says.
    """

    kind: Literal["run_scatter"] = "run_scatter"
    x: str
    y: str
    log_x: bool = False
    log_y: bool = False
    unless: str = ""
    unless_label: str = ""


class FittedFunctions(_Shown):
    """The function that is learnt, and what one replicate of each condition made of it.

    Of the probe `Outputs`. A panel per target function, a colour per condition.
    """

    kind: Literal["fitted_functions"] = "fitted_functions"
    replicate: int = 0


class PathScatter(_Shown):
    """The paths of runs through the space of weights, in principal components, by epoch.

    Of the analysis `Path`: a line per run, points coloured by epoch, labelled with accuracy.
    """

    kind: Literal["path_scatter"] = "path_scatter"
    analysis: str = "path"


class PathTable(_Shown):
    """The points of `PathScatter`: x, y, epoch, run, accuracy, loss."""

    kind: Literal["path_table"] = "path_table"
    analysis: str = "path"


class LineCurves(_Shown):
    """Loss and accuracy along the line between two networks, on two axes, a figure per pair.

    Of the analysis `Line`.
    """

    kind: Literal["line_curves"] = "line_curves"
    analysis: str = "line"


class StallDepths(_Shown):
    """For each condition of a scan, the depth at which training stalls: by replicate, median."""

    kind: Literal["stall_depths"] = "stall_depths"


class EpochTimes(_Shown):
    """Seconds per epoch and condition, measured apart. Of the analysis `EpochTime`."""

    kind: Literal["epoch_times"] = "epoch_times"
    analysis: str = "time"


class Columns(_Shown):
    """A table of metrics at the last epoch, a row per condition, mean and interval in each cell.

    Besides measured metrics: `gap/accuracy` (train minus test accuracy), `epochs/trained`
    (epochs until the run ended).
    """

    kind: Literal["columns"] = "columns"
    metrics: tuple[str, ...]


class Computed(_Shown):
    """A table of what an analysis gave: a row per pair, run or condition, a column per quantity.

    Such as `collapse/difference`. Of further axes the largest value is shown, and the smallest.
    """

    kind: Literal["computed"] = "computed"
    quantities: tuple[str, ...]


class Confusion(_Shown):
    """The confusion matrices of the final models."""

    kind: Literal["confusion"] = "confusion"


AnyFigure = Annotated[
    FinalValues
    | LearningCurves
    | LayerCurves
    | LayerHeatmap
    | AgainstParameters
    | AgainstLevels
    | Along
    | RunScatter
    | FittedFunctions
    | PathScatter
    | PathTable
    | LineCurves
    | StallDepths
    | EpochTimes
    | Columns
    | Computed
    | Confusion,
    Field(discriminator="kind"),
]
