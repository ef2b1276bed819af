"""The built-in sample market and the generator it was made with."""

from importlib.resources import files
from pathlib import Path

from sweep_dask.sample.parameters import MarketParameters, security_ids

__all__ = ["SAMPLE_PARAMETERS", "MarketParameters", "sample_market_path", "security_ids"]

#: Made by `write_market(folder, SAMPLE_PARAMETERS)`; a test makes it again and compares.
SAMPLE_PARAMETERS = MarketParameters(seed=25, events=2_500, compression="csv.gz")


def sample_market_path() -> Path:
    """The folder of the built-in sample market: two dates, three securities."""
    return Path(str(files("sweep_dask.sample"))) / "market"
