"""Proof systems behind one interface: a statement about a batch, a proof, and a verifier that trusts nobody."""
