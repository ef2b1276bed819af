"""The version of this package; client and workers must agree on it."""

VERSION = "0.3.0"
#: Versions whose costs have the other sign: read as those of this one they would say the opposite.
OTHER_SIGNS = ("0.1.0", "0.2.0")
