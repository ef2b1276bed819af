"""The Centre Point book on recorded orders: events from the log, scenarios, and the score."""
