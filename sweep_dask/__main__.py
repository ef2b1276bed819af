from sweep_dask.cli import main

if __name__ == "__main__":
    main()
