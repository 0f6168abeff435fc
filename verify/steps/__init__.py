"""Claims about one step of a discrete algorithm."""
