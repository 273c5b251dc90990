"""Writes `docs/calibration.md` from what is measured.

PYTHONPATH=tests python -m calibration.page
"""

from collections.abc import Sequence
from pathlib import Path

from calibration.measured import LEVEL, SIZES, STUDIES, Measured, looked_at, measured
from calibration.simulated import WORLDS
from calibration.trends import false_trends
from paribus.statistics.counts import share_interval

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"
NONE = "none made"
CONFIDENCE = 0.999
TREND_LEVELS, TREND_SIZES = (3, 4), (3, 4, 5, 7, 10)


def rows(found: Sequence[Measured]) -> list[list[str]]:
    """One row per kind of data and number of replicates."""
    return [
        [
            one.world,
            str(one.n),
            _percent(one.false),
            "{} to {}".format(*(f"{100 * end:.1f}" for end in false_interval(one.false))),
            "**yes**" if above(one.false) else "no",
            _percent(one.covered),
            _percent(one.decided),
        ]
        for one in found
    ]


def false_interval(count: int) -> tuple[float, float]:
    """The exact 99.9 % interval of the share of studies with a false finding."""
    return share_interval(count, STUDIES, CONFIDENCE)


def above(count: int) -> bool:
    """Whether that interval lies above the level."""
    return false_interval(count)[0] > LEVEL


def text(found: Sequence[Measured], looks: int, trends: Sequence[Sequence[float]]) -> str:
    """The page: `looks` are false findings over three looks, `trends` exact shares by levels."""
    kinds = [f"| {world.name} | {world.told} |" for world in WORLDS]
    measures = ["| " + " | ".join(row) + " |" for row in rows(found)]
    exact = [
        f"| {levels} | " + " | ".join(f"{100 * share:.1f}" for share in row) + " |"
        for levels, row in zip(TREND_LEVELS, trends, strict=True)
    ]
    return TEMPLATE.format(
        kinds="\n".join(kinds),
        measures="\n".join(measures),
        looks=_percent(looks),
        trend_head=" | ".join(f"n = {n}" for n in TREND_SIZES),
        trend_rule="|---" * len(TREND_SIZES),
        trends="\n".join(exact),
    )


def main() -> None:
    """Measures everything and writes the page."""
    found = [measured(world, n) for world in WORLDS for n in SIZES]
    PAGE.write_text(text(found, looked_at(WORLDS[0]), exact_trends()), encoding="utf-8")


def exact_trends() -> list[list[float]]:
    """The chance of a false trend, by levels and replicates."""
    return [[false_trends(levels, n) for n in TREND_SIZES] for levels in TREND_LEVELS]


def _percent(count: int | None) -> str:
    return NONE if count is None else f"{100 * count / STUDIES:.2f}"


TEMPLATE = """\
<!-- Written by tests/calibration/page.py from simulated studies. -->
# How far verdicts can be trusted

A verdict rests on a t interval and on Holm's correction. Both are exact only for differences that
are normal, which those of trained networks need not be. This page says how often simulated
studies, in which the truth is known, come to a false finding, and where the rule does not hold
what it promises.

## What was simulated

Each row of the next table is 2,000 studies of four conditions with 3, 5 or 10 replicates. A study
has three claims: a chain of three conditions and two comparisons, four links in all, which share
conditions and so depend on each other.

| data | values of a run |
|---|---|
{kinds}

Replicates of different conditions share a part of their value, as paired runs do. A *false
finding* is any link that comes out supported or refuted, after correction, where no condition
differs from another on average. *Covered* says how often a single t interval of 95 % holds the
true difference. *Found* is of studies of one claim with a margin, and of an effect that 80 % of
them should decide by `paribus.statistics.power`. Numbers are per cent of 2,000 studies; the
interval is the exact one of 99.9 %.

| data | n | false finding | interval | above 5 %? | covered | found, of 80 |
|---|---|---|---|---|---|---|
{measures}

Looked at after 5, 10 and 20 replicates, each time at the level that the plan spends there,
{looks} % of the normal studies had a false finding at any look.

## What this says

- **Normal differences**: false findings, intervals and power are as stated, and unequal deviations
  of conditions do no harm, since what is tested is their difference.
- **Skewed alike**: differences of two values that are skewed alike are symmetric. Verdicts are
  then careful: fewer false findings than allowed, and intervals a little too wide.
- **Skewed on one side only**: where one condition now and then does much worse and the other
  hardly varies, false findings are about twice as many as stated, and intervals cover too rarely.
  Ten replicates do not mend it. Look at the single replicates, which the report shows. The exact
  sign-flip p-value beside the interval is no way out: it takes differences to be symmetric.
- **Ceiling**: steps of one test example, and the floor that they put under standard errors, make
  few replicates careful, not careless.
- **Stalled runs**: where some replicates of a condition stall and others do not, counts decide,
  and find too little rather than too much. But if each run stalls by the toss of a coin, three
  replicates may by chance all stall in one condition and none in another. No mixture is then to be
  seen, the difference is large in every pair, and false findings come well above 5 %. From five
  replicates on this is rare. Do not rest a claim about what stalls on three replicates.

## Really trained

`tests/calibration/test_same_recipe.py` trains a small network on the digits in 2,000 replicates
and compares five with five others, 200 times: the same recipe on both sides, so that there is
nothing to find. On the machine of [results](results.md) 4 of the 200 comparisons found a
difference (2 %, 99.9 % interval 0.2 to 7.6), and their p-values are uniform (Kolmogorov and
Smirnov: p = 0.37).

## Trends

The mean of Kendall's tau over replicates is tested by Student's t though it takes few values. If
levels have no order, the exact chance to find a trend, in per cent where 5 is allowed, is:

| levels | {trend_head} |
|---{trend_rule}|
{trends}

It lies above 5 % in places, by less than one point.

## Run it

`make calibration` repeats all of this. It judges every study by the code that judges yours,
compares each verdict with a plain computation on arrays, and fails if a number on this page is not
what is measured, within the error of 2,000 studies. `make test` does the same with fewer studies
judged.
"""

if __name__ == "__main__":
    main()
