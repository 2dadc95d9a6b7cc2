"""The readers of a law: plain integers, random samples, symbolic terms decided by two solvers."""
