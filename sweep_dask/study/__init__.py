"""The story of a run: plan, stages, tables, manifest, results; the work is done by `dataflow`."""

#: What tasks are, besides those of `dataflow`: workers are copies of a process that has it.
TASK_MODULES = ("sweep_dask.partition", "sweep_dask.study.rollups")
