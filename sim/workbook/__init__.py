"""The survey workbook (调查表): a site in Excel, as districts have their data."""

from sim.workbook.survey import import_workbook
from sim.workbook.template import write_template

__all__ = ["import_workbook", "write_template"]
