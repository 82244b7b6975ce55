"""Two scores of the same records against each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.report.axes import SQUARE, FloatVector, Plot, unit_axis
from servable.report.finite import require_finite, require_length
from servable.report.markup import Markup
from servable.report.numbers import count
from servable.report.svg import crosses, dots, drawing, line

_ENDS = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScorePairs:
    """Records with two scores each.

    Attributes:
        x: `[n]` in [0, 1], n >= 1.
        y: `[n]` in [0, 1].
        is_notable: `[n]`, drawn as crosses on top: records whose label flips.
    """

    x: FloatVector
    y: FloatVector
    is_notable: NDArray[np.bool_]


def scatter_pair(
    pairs: ScorePairs, *, x_title: str, y_title: str, notable: str, name: str, title: str
) -> Markup:
    """A dot at each pair of scores, and the line on which both are equal.

    Args:
        pairs: as many as are to be drawn; a caller with many records draws a sample.
        x_title: whose score lies across.
        y_title: whose score lies upwards.
        notable: what those that are drawn as crosses do, for the description: "flip their label".
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    require_length(title, len(pairs.x), pairs.y, pairs.is_notable)
    require_finite(title, pairs.x, pairs.y)
    plot = Plot(x=unit_axis(x_title), y=unit_axis(y_title), height=SQUARE)
    plain, notable_ones = ~pairs.is_notable, pairs.is_notable
    layers = [
        line(plot, _ENDS, _ENDS, mark="planned"),
        dots(plot, pairs.x[plain], pairs.y[plain], mark="dot"),
        crosses(plot, pairs.x[notable_ones], pairs.y[notable_ones], mark="cross"),
    ]
    said = f"{count(len(pairs.x))} records drawn; crosses are those that {notable}."
    return drawing(plot, layers, name=name, title=title, description=said)
