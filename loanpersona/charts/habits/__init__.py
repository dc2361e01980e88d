"""Charts of the habits of borrowing (1.4a to 1.4h)."""
