"""What a sweep got and what it cost: one definition of every metric, for real and simulated fills.

`docs/metrics.md` has the formula, unit, sign and source of each.
"""
