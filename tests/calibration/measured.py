"""How often simulated studies find what is not there, and what is: by arrays, and by findings.

The fast path computes p-values and Holm's correction for all studies at once. The plain path is
that of a user's study: claims, assessments and `judged`, one study after the other.
"""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtrc, stdtr

from calibration.simulated import CHANCE, LABELS, Array, Simulated, World
from paribus.claims import Better, Order
from paribus.claims.findings import Assessed, judged
from paribus.statistics.looks import spent_levels
from paribus.statistics.paired import FLOAT32
from paribus.statistics.power import power

STUDIES = 2_000
SIZES = (3, 5, 10)
LOOKS = (5, 10, 20)
LEVEL = 0.05
WANTED = 0.8
MARGIN = 0.005
METRIC = "test/accuracy"
FAMILY = (Order(METRIC, ["a", "b", "c"]), Better(METRIC, "d", "a"), Better(METRIC, "d", "b"))
LINKS = ((0, 1), (1, 2), (3, 0), (3, 1))
ALONE = (Better(METRIC, "a", "b", margin=MARGIN),)
Signs = NDArray[np.int64]
"""Verdicts of studies by link: 1 supported, -1 refuted, 0 undecided."""
_SIGN = {"supported": 1, "refuted": -1, "undecided": 0}


@dataclass(frozen=True)
class Measured:
    """Of so many studies without any effect, how many found one in four links.

    `covered` counts t intervals that hold the truth, `decided` studies of one claim that find an
    effect which its power says is found in four of five; None where no t interval is made.
    """

    world: str
    n: int
    false: int
    covered: int | None
    decided: int | None


def tables(world: World, n: int, what: str = "") -> Array:
    """Values of all studies, the same every time: (studies, conditions, replicates)."""
    random = np.random.default_rng([crc32(f"{world.name} {what}".encode()), n])
    return world.draw(random, (STUDIES, len(LABELS), n))


def shifted(world: World, n: int) -> Array:
    """Values of studies in which a is beyond the margin by what is found in four of five."""
    deviation = world.deviation
    assert deviation is not None
    distance = deviation * brentq(lambda d: power(d, 1.0, n, LEVEL) - WANTED, 0.01, 50.0)
    found = tables(world, n, "effect").copy()
    found[:, 0] += MARGIN + distance
    return found


def family_signs(world: World, values: Array, level: float = LEVEL) -> Signs:
    """The verdicts on the four links of `FAMILY`, for all studies at once."""
    ps, signs = _tested(world, values, LINKS)
    return np.where(_holm(ps) <= level, signs, 0)


def alone_signs(world: World, values: Array) -> Signs:
    """The verdicts on the one link of `ALONE`, for all studies at once."""
    ps, signs = _tested(world, values, LINKS[:1], MARGIN)
    return np.where(ps <= LEVEL, signs, 0)


def plain_signs(
    world: World, values: Array, claims: tuple[Order | Better, ...], level: float = LEVEL
) -> Signs:
    """The verdicts on every link of the claims as a study of these runs would report them."""
    found = []
    for table in values:
        evidence = Simulated(table, world)
        assessed = [
            Assessed(claim, claim.sentence(), True, claim.assess(evidence)) for claim in claims
        ]
        findings = judged(assessed, level)
        found.append([_SIGN[link.verdict] for one in findings for link in one.links])
    return np.array(found)


def measured(world: World, n: int) -> Measured:
    """All studies of a world, by the fast path."""
    null = tables(world, n)
    false = int(family_signs(world, null).any(axis=1).sum())
    if world.stalls:
        return Measured(world.name, n, false, None, None)
    ps, _ = _tested(world, null, LINKS[:1])
    decided = int((alone_signs(world, shifted(world, n)) == 1).sum())
    return Measured(world.name, n, false, int((ps > LEVEL).sum()), decided)


def looked_at(world: World) -> int:
    """How many studies without any effect find one at any of three looks."""
    values = tables(world, LOOKS[-1], "looks")
    found = np.zeros(STUDIES, bool)
    for n, level in zip(LOOKS, spent_levels(LOOKS, LEVEL), strict=True):
        found |= family_signs(world, values[..., :n], level).any(axis=1)
    return int(found.sum())


def _tested(
    world: World, values: Array, links: tuple[tuple[int, int], ...], margin: float = 0.0
) -> tuple[Array, Signs]:
    first, second = (values[:, [link[side] for link in links]] for side in (0, 1))
    n = values.shape[-1]
    differences = first - second
    largest = np.maximum(np.abs(first).max(axis=-1), np.abs(second).max(axis=-1))
    step = FLOAT32 * largest if world.resolution is None else world.resolution
    error = np.maximum(differences.std(axis=-1, ddof=1) / np.sqrt(n), step / np.sqrt(12))
    lead = differences.mean(axis=-1) - margin
    ps, signs = 2 * stdtr(n - 1, -np.abs(lead) / error), np.sign(lead).astype(int)
    if not world.stalls:
        return ps, signs
    one, other = first != CHANCE, second != CHANCE
    mixed = (one.any(-1) & ~one.all(-1)) | (other.any(-1) & ~other.all(-1))
    only_first, only_second = (one & ~other).sum(-1), (other & ~one).sum(-1)
    disagree, most = only_first + only_second, np.maximum(only_first, only_second)
    exact = np.minimum(1, 2 * bdtrc(np.maximum(most, 1) - 1, np.maximum(disagree, 1), 0.5))
    exact = np.where(disagree == 0, 1.0, exact)
    return np.where(mixed, exact, ps), np.where(mixed, np.sign(only_first - only_second), signs)


def _holm(ps: Array) -> Array:
    order = np.argsort(ps, axis=1)
    left = ps.shape[1] - np.arange(ps.shape[1])
    steps = np.minimum(1, left * np.take_along_axis(ps, order, axis=1))
    adjusted = np.empty_like(ps)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(steps, axis=1), axis=1)
    return adjusted
