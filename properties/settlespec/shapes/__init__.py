"""Shapes: skeletons of a state with an operation, whose amounts are all that their ranges admit."""
