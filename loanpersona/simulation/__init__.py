"""The simulation room: how the people of a persona come to live in tables."""
