# One image for the scheduler, the workers and the program that submits to them: all three must
# run the same versions of everything.
#
# `make base-image` asks the registry for the digest of the base image and writes it here; commit
# that. Without one nothing is built: a tag is whatever it was moved to last.
ARG BASE_IMAGE=""
FROM ${BASE_IMAGE}

ARG BASE_IMAGE
RUN case "${BASE_IMAGE}" in \
      *@sha256:*) ;; \
      *) echo "BASE_IMAGE=${BASE_IMAGE} names no digest; run: make base-image" >&2; exit 1 ;; \
    esac

# 10001: outside the range that distributions give to people and services.
RUN useradd --uid 10001 --create-home sweep \
 && install -d -o sweep -g sweep /data /data/out /var/cache/sweep

# Every file of every dependency is known by its hash; nothing is compiled from source.
WORKDIR /src
COPY requirements-image.txt ./
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-image.txt
# The package is compiled while it is installed, for every processor of the architecture.
COPY pyproject.toml build_backend.py README.md LICENSE ./
COPY sweep_dask ./sweep_dask
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
 && pip uninstall --yes setuptools \
 && rm -rf /src/*

# What is compiled later lies here, and Dask's temporary files in /tmp; in a container with a read-only
# root these two are mounted, and nothing else is written besides the results.
ENV XDG_CACHE_HOME=/var/cache/sweep \
    DASK_TEMPORARY_DIRECTORY=/tmp \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1

USER 10001:10001
WORKDIR /data
# A run on the built-in market shows that the image works, and that it carries what is compiled.
RUN python -m sweep_dask run --no-parallel --output /tmp/sample && rm -rf /tmp/sample \
 && test -z "$(find /var/cache/sweep -type f)"
CMD ["python", "-m", "sweep_dask", "--help"]
