"""What the system speaks of: quantities, records, operations, events and reasons."""
