"""Itô calculus on matrices of symbolic size: declare, derive, state.

The public names of the symbolic side.  SymPy is imported when the first of them is used.
"""
