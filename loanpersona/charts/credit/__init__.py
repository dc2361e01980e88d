"""Charts of credit risk (3.1c, 3.2g)."""
