"""Order flow: readers of real data, the venue's own book, and aggressors put together again from their fills."""
