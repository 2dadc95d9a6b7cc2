"""What the oracles compute outside of the integer machine: option prices, volatilities, and the default risk arrays.

Floats are allowed here and end here: what leaves the package for the machine are signed integers.
"""
