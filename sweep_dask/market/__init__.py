"""Facts of the exchange: codes of orders and trades, ticks, sessions, trading days."""
