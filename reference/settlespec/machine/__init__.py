"""The machine that follows the rules: one operation at a time, from state to state."""
