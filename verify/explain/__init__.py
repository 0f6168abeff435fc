"""Claims for people: their expositions, on a terminal, as LaTeX and as Markdown."""

from .expositions import exposition_of, expositions_named

__all__ = ["exposition_of", "expositions_named"]
