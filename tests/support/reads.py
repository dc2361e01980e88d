"""What each frame of credit risk is made from: the tables it takes, in order."""

# Those of one row a loan or borrower have no chart.
LENT = ("loans", "instalments")
SCORED = ("applications", *LENT)
