"""What an artifact holds, in words: for people who are about to trust it.

`servable.inspection.page` is a room of its own, because it needs the extra `prove`.
"""

from servable.inspection.description import Description, describe
from servable.inspection.layout import Layout, layout_of
from servable.inspection.lines import description_lines
from servable.inspection.oddities import oddities
from servable.inspection.oddity import Oddity, Weight

__all__ = [
    "Description",
    "Layout",
    "Oddity",
    "Weight",
    "describe",
    "description_lines",
    "layout_of",
    "oddities",
]
