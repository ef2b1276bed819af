"""The story of a run: plan, stages, tables, manifest, results; the work is done by `dataflow`."""
