"""The only room that knows Dask: cluster, ingest, partition tasks, the whole run."""
