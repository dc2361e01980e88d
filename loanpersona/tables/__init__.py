"""The tables: their columns, types, units, levels and keys, described once.

Everything else asks here: dtypes at generation, checks at loading, the data dictionary, the labels.
"""

from loanpersona.tables.schema import Column, Table, check, check_keys, check_names, dictionary, names, table
from loanpersona.tables.schema import stated as stated

__all__ = ["Column", "Table", "check", "check_keys", "check_names", "dictionary", "names", "table"]


def __dir__() -> list[str]:
    return sorted(__all__)
