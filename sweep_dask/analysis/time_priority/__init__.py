"""The time-priority model, kept as published: from a partition's rows to its nine tables."""
