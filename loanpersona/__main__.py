"""`python -m loanpersona` is the command `loanpersona`."""

from loanpersona.cli import main

main()
