"""Every option of a run: declared once, read from four places, each value with its source.

Command line, then environment, then `config.yaml`, then default. Read on in `declaration.py`, what
an option is; `values.py` and `centre_point_values.py`, what it accepts; `options.py`, the table of
all of them; `load.py` and `config_file.py`, how they are read.
"""

from sweep_dask.settings.centre_point_values import LEARNED
from sweep_dask.settings.declaration import COMMAND_LINE, DEFAULT, Option, Source
from sweep_dask.settings.known_names import require_known_columns, require_known_tables
from sweep_dask.settings.load import CONFIG_FILE, load_settings, selected
from sweep_dask.settings.options import OPTIONS, Settings

__all__ = [
    "COMMAND_LINE",
    "CONFIG_FILE",
    "DEFAULT",
    "LEARNED",
    "OPTIONS",
    "Option",
    "Settings",
    "Source",
    "load_settings",
    "require_known_columns",
    "require_known_tables",
    "selected",
]
