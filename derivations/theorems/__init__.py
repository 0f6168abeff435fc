"""One file a theorem: its systems, statements, checks and mutants.  Found by name, not listed."""
