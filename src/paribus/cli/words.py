"""Numbers in words: durations, sizes, counts, intervals."""

import math

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def duration(seconds: float) -> str:
    """A time as a person would say it.

    >>> [duration(s) for s in (0.4, 59.6, 150, 7320)]
    ['under 1 s', '60 s', '2 min 30 s', '2 h 2 min']
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """A number of bytes with a fitting unit.

    >>> [size(n) for n in (999, 12_345, 55_000_000)]
    ['999 bytes', '12.3 kB', '55 MB']
    """
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}"


def plural(count: int, word: str) -> str:
    """A count with its word.

    >>> plural(1, "run"), plural(2000, "run")
    ('1 run', '2,000 runs')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def interval(mean: float | None, low: float | None, high: float | None, digits: int = 4) -> str:
    """A mean with its interval.

    >>> interval(0.9466, 0.9391, 0.9541), interval(0.9466, None, None), interval(None, None, None)
    ('0.9466 [0.9391, 0.9541]', '0.9466', '-')
    """
    if mean is None:
        return "-"
    if low is None or high is None:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def finite(value: float | None) -> float | None:
    """A number for JSON, which has none that is not finite."""
    return value if value is not None and math.isfinite(value) else None
