"""What a rollup commits to and publishes.

`hashes`, `tree` and `proofs` are the commitment itself: a map under one root, and proofs of what is in it and what is not.
`docs/commitment.md` states the bytes. The other modules say what of a state is committed, and what a batch publishes.
"""
