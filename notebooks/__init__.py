"""Walkthroughs of the theorems, generated and executed from their declarations."""
