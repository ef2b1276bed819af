"""Sums, quantiles and tests over the sweeps of all partitions.

`docs/output.md` says what each table of them holds, `docs/metrics.md` what each number is.
"""
