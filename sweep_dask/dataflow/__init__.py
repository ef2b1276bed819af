"""The only room that knows Dask: cluster, tasks, ingest, progress, monitoring."""
