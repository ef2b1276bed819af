"""One order's whole story from an output folder: what it did, what it filled, what stopped it."""
