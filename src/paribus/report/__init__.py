"""Reports: figures, and a page that opens anywhere."""

from paribus.report.charts import charts
from paribus.report.declared import exhibits
from paribus.report.figures import Figure, save_charts
from paribus.report.page import render
from paribus.report.write import write_report

__all__ = ["Figure", "charts", "exhibits", "render", "save_charts", "write_report"]
