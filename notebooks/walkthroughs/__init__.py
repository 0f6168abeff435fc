"""The walkthroughs: one file each, found by its place here; see `notebooks.cells`."""
