"""Charts of the profile (1.1a to 1.3d)."""
