"""Small hand-written cases: orders, quotes and a lit book, worked step by step with reasons."""
