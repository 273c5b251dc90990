"""What provenance says of where and with what runs were trained, as text to show or compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FACTS = (
    ("paribus", "Paribus"),
    ("numerics", "Numerics version"),
    ("python", "Python"),
    ("jax", "JAX"),
    ("jaxlib", "jaxlib"),
    ("equinox", "Equinox"),
    ("optax", "Optax"),
    ("numpy", "NumPy"),
    ("scipy", "SciPy"),
    ("torch", "PyTorch"),
    ("keras", "Keras"),
    ("tensorflow", "TensorFlow"),
    ("scikit-learn", "scikit-learn"),
    ("xgboost", "XGBoost"),
    ("lightgbm", "LightGBM"),
    ("xla_flags", "XLA flags"),
    ("platform", "Platform"),
    ("device", "Device"),
    ("cpu_features", "CPU features"),
    ("cores", "Cores"),
)
"""Facts of the process and machine that trained a run, each with its title."""
DATA_FACTS = (("name", "Data"), ("state", "Data files"), ("fingerprint", "Data fingerprint"))
"""Facts of the data that a run was trained on, each with its title."""


@dataclass(frozen=True)
class Origin:
    """One fact, by its title, with all the values that occur among some runs, as text."""

    title: str
    values: tuple[str, ...]


def origins(provenance: Iterable[Mapping[str, Any]]) -> list[Origin]:
    """The facts of these runs; a fact that none of them has recorded has no values."""
    runs = list(provenance)
    data = [facts.get("data", {}) for facts in runs]
    return [
        *(Origin(title, _values(runs, name)) for name, title in FACTS),
        *(Origin(title, _values(data, name)) for name, title in DATA_FACTS),
    ]


def _values(facts: Iterable[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """The distinct values of one fact, in order of appearance."""
    found = (one[name] for one in facts if one.get(name) not in (None, "", [], {}))
    return tuple(dict.fromkeys(map(str, found)))
