"""The same matching in plain, slow Python: what the kernels are tested against."""
