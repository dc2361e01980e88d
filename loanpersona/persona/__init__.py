"""The persona room: what we assume about the people, read, checked and calibrated."""
