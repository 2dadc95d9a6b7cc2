"""The hunt: one generator of operations, what drives it, and what makes a finding short."""
