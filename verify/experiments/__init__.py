"""Experiments: the figures of the papers as numbers, pictures and judged statements.

An experiment is a file of this package with a function ``experiment()``; it is found by its place.
"""
