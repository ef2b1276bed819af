"""The version of this package; client and workers must agree on it."""

VERSION = "0.4.0"
#: Versions whose tables are not to be read as those of this one: columns have other names and sides
#: are numbers; before 0.3.0 costs have the other sign and would say the opposite.
OTHER_TABLES = ("0.1.0", "0.2.0", "0.3.0")
