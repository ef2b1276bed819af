"""Facts of the exchange: order types, change reasons, trading days."""
