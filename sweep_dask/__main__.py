"""`python -m sweep_dask`."""

from sweep_dask.cli import main

# Worker processes import this module again under another name.
if __name__ == "__main__":
    main()
