"""Reports: a notebook run with checked parameters and turned into one self-contained HTML file."""

from loanpersona.reports.index import update_index
from loanpersona.reports.parameters import Parameter, check_values, declared_parameters, notebook_names
from loanpersona.reports.render import render_report

__all__ = [
    "Parameter",
    "check_values",
    "declared_parameters",
    "notebook_names",
    "render_report",
    "update_index",
]
