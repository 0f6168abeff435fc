"""Whether the determinant laws hold when the real algorithms train on given data."""
