"""How much replicates can tell: power and precision of the paired t-test, before and after."""

import math

import numpy as np
from scipy.special import gammainc, gammaincinv, stdtrit

from paribus.statistics.effect import refuse_unless_share

MOST = 10_000
"""Beyond so many replicates it is said that no number of them decides."""


def power(distance: float, deviation: float, n: int, level: float = 0.05) -> float:
    """The chance that the paired t-test of `n` replicates finds an effect: p <= level, two-sided.

    `distance` is how far the truth lies from what is tested, `deviation` the standard deviation
    of the paired differences. With t the 1 - level / 2 quantile of Student's distribution, it is
    P(|T| >= t), where T has the noncentral distribution with n - 1 degrees of freedom around
    distance sqrt(n) / deviation.

    Raises `ValueError` for a negative distance or deviation, n < 2, or a level that is no share.

    >>> round(power(1.0, 1.0, 10), 3)
    0.803
    """
    _refuse(deviation, n)
    _refuse_negative(distance, "distance")
    refuse_unless_share(level, "level")
    return _power(distance, deviation, n, level)


def deviation_upper(deviation: float, n: int, confidence: float = 0.95) -> float:
    """The bound below which the true standard deviation lies with this confidence, one-sided.

    s sqrt((n - 1) / q), where q is the 1 - confidence quantile of chi-square with n - 1 degrees of
    freedom; of independent normal values. Raises `ValueError` for n < 2, a negative deviation, or
    a confidence that is no share.

    >>> round(deviation_upper(1.0, 5), 2)
    2.37
    """
    _refuse(deviation, n)
    refuse_unless_share(confidence, "confidence")
    return deviation * math.sqrt((n - 1) / (2 * gammaincinv((n - 1) / 2, 1 - confidence)))


def replicates_to_decide(
    n: int, deviation: float, distance: float, level: float = 0.05, power: float = 0.8
) -> int | None:
    """How many replicates, in all, decide an effect that lies `distance` from the margin's bound.

    The fewest, above the `n` that there are, at which the t-test has this power, with the upper
    bound of the standard deviation in place of the one observed: few replicates may well have seen
    too small a one. The distance is declared, as by a margin, and never the observed effect, which
    would promise too much where luck made it large. None where 10,000 are not enough. Raises
    `ValueError` as `power` and `deviation_upper`.
    """
    bound = deviation_upper(deviation, n)
    _refuse_negative(distance, "distance")
    refuse_unless_share(level, "level")
    refuse_unless_share(power, "power")
    fewest, most = n + 1, MOST
    if fewest > most or _power(distance, bound, most, level) < power:
        return None
    while fewest < most:
        middle = (fewest + most) // 2
        if _power(distance, bound, middle, level) >= power:
            most = middle
        else:
            fewest = middle + 1
    return fewest


def precision(deviation: float, n: int, confidence: float = 0.95) -> float:
    """Half the width of the t interval of a mean: t s / sqrt(n), in the unit of the deviation.

    Raises `ValueError` for n < 2, a negative deviation, or a confidence that is no share.
    """
    _refuse(deviation, n)
    refuse_unless_share(confidence, "confidence")
    return float(stdtrit(n - 1, (1 + confidence) / 2)) * deviation / math.sqrt(n)


def spread_of_test_set(accuracy: float, examples: int) -> float:
    """The standard error that a finite test set alone gives an accuracy: sqrt(a (1 - a) / N).

    Both are shares. Raises `ValueError` for an accuracy beyond 0 to 1, or no examples.

    >>> round(spread_of_test_set(0.9, 10_000), 4)
    0.003
    """
    if not 0 <= accuracy <= 1:
        raise ValueError(f"accuracy is {accuracy}; it must lie from 0 to 1")
    if examples < 1:
        raise ValueError(f"a test set has one example or more; got {examples}")
    return math.sqrt(accuracy * (1 - accuracy) / examples)


def _power(distance: float, deviation: float, n: int, level: float) -> float:
    if deviation == 0:
        return 1.0 if distance > 0 else level
    t = stdtrit(n - 1, 1 - level / 2)
    freedom, centre = n - 1, distance * math.sqrt(n) / deviation
    # SciPy's own noncentral t (1.17) gives NaN for some of these. A mean of z + centre standard
    # errors is found where chi-square stays below freedom ((z + centre) / t)^2; z is normal.
    z = np.linspace(-7, 7, 1401)
    weights = np.exp(-(z**2) / 2)
    found = gammainc(freedom / 2, freedom * ((z + centre) / t) ** 2 / 2)
    return float(weights @ found / weights.sum())


def _refuse(deviation: float, n: int) -> None:
    _refuse_negative(deviation, "deviation")
    if n < 2:
        raise ValueError(f"a standard deviation takes two replicates or more; got {n}")


def _refuse_negative(value: float, what: str) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{what} is {value}; it must be 0 or more")
