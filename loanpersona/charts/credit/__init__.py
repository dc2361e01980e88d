"""Charts of credit risk (3.1c, 3.2g)."""

from loanpersona.charts.credit import loans as loans
