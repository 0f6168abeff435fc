"""The numeric side: kernels, simulation and the real algorithms; no computer algebra."""
