"""Runs: workers, time limits, what is kept, certificates and their replay."""
