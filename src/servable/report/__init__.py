"""Pages for people: one template, a few blocks and two figures that every report shares."""

from servable.report.blocks import (
    Banner,
    Block,
    Cell,
    Column,
    Facts,
    Figure,
    Key,
    Page,
    Paragraph,
    Quote,
    Section,
    Table,
    Tone,
)
from servable.report.figures import Curve, TimedRequests, latency_over_time, percentile_plot
from servable.report.numbers import count, share, significant
from servable.report.render import render
from servable.report.thinning import thinned

__all__ = [
    "Banner",
    "Block",
    "Cell",
    "Column",
    "Curve",
    "Facts",
    "Figure",
    "Key",
    "Page",
    "Paragraph",
    "Quote",
    "Section",
    "Table",
    "TimedRequests",
    "Tone",
    "count",
    "latency_over_time",
    "percentile_plot",
    "render",
    "share",
    "significant",
    "thinned",
]
