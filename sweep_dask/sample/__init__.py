"""The built-in sample market and the generator it was made with."""

from sweep_dask.sample.built_in import SAMPLE_PARAMETERS, sample_market_path
from sweep_dask.sample.parameters import MarketParameters, security_ids

__all__ = ["SAMPLE_PARAMETERS", "MarketParameters", "sample_market_path", "security_ids"]
