"""The version of this package; client and workers must agree on it."""

VERSION = "0.2.0"
