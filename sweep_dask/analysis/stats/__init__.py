"""Is a difference real? Paired tests, effect sizes, clustered intervals, families of tests.

`docs/metrics.md` says what each number is and when it is missing.
"""
