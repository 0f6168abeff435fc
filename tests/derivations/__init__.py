"""Tests of the symbolic side."""
