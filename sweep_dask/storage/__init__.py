"""Files: discovering and reading the input, the partition store, results, manifest."""
