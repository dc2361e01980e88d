"""Charts of the needs (2.1a to 2.2d)."""
