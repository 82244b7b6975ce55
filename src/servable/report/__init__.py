"""Pages for people: one template, a few blocks and the figures that every report shares."""

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
    Points,
    Quote,
    Section,
    Table,
    Tone,
)
from servable.report.figures import (
    Curve,
    TimedRequests,
    UpperBound,
    bounded_ms,
    latency_over_time,
    percentile_plot,
    time_axis,
)
from servable.report.numbers import count, share, significant
from servable.report.rates import Stairs, Throughput, rate_over_time, under_way_over_time
from servable.report.render import render
from servable.report.svg import Axis
from servable.report.thinning import thinned

__all__ = [
    "Axis",
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
    "Points",
    "Quote",
    "Section",
    "Stairs",
    "Table",
    "Throughput",
    "TimedRequests",
    "Tone",
    "UpperBound",
    "bounded_ms",
    "count",
    "latency_over_time",
    "percentile_plot",
    "rate_over_time",
    "render",
    "share",
    "significant",
    "thinned",
    "time_axis",
    "under_way_over_time",
]
