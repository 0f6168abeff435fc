"""Ten worked claims: ``python -m verify run verify/examples/gbm.py``, from textbook to paper."""
