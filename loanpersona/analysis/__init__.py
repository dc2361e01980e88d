"""The analysis room: tidy frames with intervals, from tables alone."""
