"""Stored runs as tables and as an xarray dataset."""

from paribus.results.dataset import to_dataset
from paribus.results.export import FORMATS, export
from paribus.results.load import load_results
from paribus.results.table import EPOCH_RULES, EpochRule, Row, final_values, metric_names, table
from paribus.results.tidy import StudyResults, condition_label, tidy

__all__ = [
    "EPOCH_RULES",
    "FORMATS",
    "EpochRule",
    "Row",
    "StudyResults",
    "condition_label",
    "export",
    "final_values",
    "load_results",
    "metric_names",
    "table",
    "tidy",
    "to_dataset",
]
