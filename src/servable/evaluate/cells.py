"""Cells that the pages of several verbs have."""

from typing import Final

from servable.report import Cell, Tone

NOTHING: Final = Cell(text="\N{EN DASH}", tone=Tone.QUIET)
"""In the place of a number that there is none of."""
