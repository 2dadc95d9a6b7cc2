"""The face of the specification: one file per command, and what the commands share."""
