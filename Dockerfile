# One image for the scheduler, the workers and the program that submits to them: all three must
# run the same versions of everything.
FROM python:3.12-slim

# 10001: outside the range that distributions give to people and services.
RUN useradd --uid 10001 --create-home sweep \
 && install -d -o sweep -g sweep /data /data/out /var/cache/sweep

# The installed package belongs to root, so compiled kernels cannot be cached beside the source.
ENV NUMBA_CACHE_DIR=/var/cache/sweep \
    PYTHONUNBUFFERED=1

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sweep_dask ./sweep_dask
RUN pip install --no-cache-dir . && rm -rf /src/*

USER sweep
WORKDIR /data
CMD ["python", "-m", "sweep_dask", "--help"]
