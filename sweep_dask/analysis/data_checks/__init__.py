"""Whether input data are what they are taken for: sums of its rows, and what the sums show."""
