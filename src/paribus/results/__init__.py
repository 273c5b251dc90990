"""Stored runs as tables and as an xarray dataset.

Names are imported when they are first used: a table of many runs needs neither pandas nor xarray.
Functions named as their module (`table`, `tidy`, `export`) are imported from there.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paribus.results.dataset import to_dataset
    from paribus.results.export import FORMATS
    from paribus.results.load import load_results
    from paribus.results.means import EPOCH_RULES, EpochRule, Row
    from paribus.results.table import final_values, metric_names
    from paribus.results.tidy import StudyResults, condition_label

__all__ = [
    "EPOCH_RULES",
    "FORMATS",
    "EpochRule",
    "Row",
    "StudyResults",
    "condition_label",
    "final_values",
    "load_results",
    "metric_names",
    "to_dataset",
]

_HOMES = {
    "EPOCH_RULES": "means",
    "EpochRule": "means",
    "FORMATS": "export",
    "Row": "means",
    "StudyResults": "tidy",
    "condition_label": "tidy",
    "final_values": "table",
    "load_results": "load",
    "metric_names": "table",
    "to_dataset": "dataset",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"paribus.results.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'paribus.results' has no attribute {name!r}")
