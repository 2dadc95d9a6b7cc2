"""The base layer that everything settles on: blocks, fees, inclusion, congestion, reorganisation, finality.

`base_layer` is a deterministic, pure state machine: every function takes one `BaseLayer` and gives the next.
A settlement contract is any persistent object with the method of `contract.Contract`.
"""
