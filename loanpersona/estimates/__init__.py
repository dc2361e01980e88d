"""The estimates room: shares and ratios, survival, ranking and grouping, each with its interval, from plain arrays."""
