"""Means over replicates along an axis, of the same replicates everywhere."""

import math
from typing import Any

import numpy as np
import pandas as pd

from paribus.report.quantities import NBSP, decimals, number
from paribus.statistics.intervals import Interval, mean_interval

MAX_POINTS = 200


def carried(values: pd.DataFrame, axis: str) -> pd.DataFrame:
    """A column per replicate and a row per place along `axis` where each of them has a number.

    A run that has ended counts with its last number from then on: otherwise the mean would jump
    where one leaves it. A place where a run that goes on was not measured has no row, so a run's
    own last epoch is none for all the others. The column `ended` counts runs past their end.
    `values` has columns replicate, value and `axis`.
    """
    wide = values.pivot(index=axis, columns="replicate", values="value").sort_index()
    ends = values.groupby("replicate")[axis].max().to_numpy()
    places, found = wide.index.to_numpy(), wide.to_numpy(np.float64)
    past = places[:, None] > ends[None, :]
    final = found[np.searchsorted(places, ends), np.arange(len(ends))]
    filled = pd.DataFrame(np.where(past, final, found), index=wide.index, columns=wide.columns)
    return filled.assign(ended=past.sum(axis=1)).dropna()


def thinned(frame: pd.DataFrame, most: int = MAX_POINTS, log: bool = False) -> pd.DataFrame:
    """At most so many of the rows, the first and last among them.

    Evenly spread by their number, or denser towards the first where the axis is logarithmic.
    """
    count = len(frame)
    if count <= most:
        return frame
    if log:
        places = np.unique(np.geomspace(1, count, most).round().astype(int)) - 1
    else:
        places = np.linspace(0, count - 1, most).round().astype(int)
    return frame.iloc[places]


def means(wide: pd.DataFrame) -> list[dict[str, Any]]:
    """A row per place of `carried`: mean, low, high, n, `ended` (runs past their end), `shown`.

    The place stands under the name of the axis; `shown` says mean, interval and n in words.
    """
    found = [mean_interval(row) for row in wide.drop(columns="ended").to_numpy().tolist()]
    places = decimals([one.mean for one in found], [_half(one) for one in found])
    rows = []
    ends = wide["ended"].tolist()
    for place, interval, ended in zip(wide.index.tolist(), found, ends, strict=True):
        rows.append(
            {
                str(wide.index.name): place,
                "mean": rounded(interval.mean),
                "low": rounded(interval.low),
                "high": rounded(interval.high),
                "n": interval.n,
                "ended": int(ended),
                "shown": said(interval, places) + (f", {ended} of them ended" if ended else ""),
            }
        )
    return rows


def said(interval: Interval, places: int) -> str:
    """A mean with its interval and n, for a tooltip."""
    mean = number(interval.mean, places)
    if interval.low is None:
        return f"{mean} (n{NBSP}={NBSP}{interval.n}, no interval)"
    low, high = number(interval.low, places), number(interval.high, places)
    return f"{mean} (95 % interval {low} to {high}, n{NBSP}={NBSP}{interval.n})"


def rounded(value: float | None) -> float | None:
    """Five significant digits: more than a screen shows, and half the page's size."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.5g}")


def _half(interval: Interval) -> float | None:
    if interval.low is None or interval.high is None:
        return None
    return (interval.high - interval.low) / 2
