"""Claims about simulated paths: laws, expectations, limits, stationary laws, crossings, clocks."""
