"""Charts of the segments (3.1a to 3.1c)."""
