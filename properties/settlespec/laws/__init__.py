"""Claims about the rules, one file per subject, each stated once and read by every engine."""
