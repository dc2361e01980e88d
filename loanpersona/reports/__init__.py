"""Reports: notebooks run with checked parameters and turned into self-contained HTML files."""

from loanpersona.reports.index import update_index
from loanpersona.reports.parameters import Parameter, check_values, declared_parameters, notebook_names

__all__ = ["Parameter", "check_values", "declared_parameters", "notebook_names", "update_index"]
