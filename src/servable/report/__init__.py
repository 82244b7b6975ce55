"""Pages for people: one template, a few blocks and the figures that reports share."""

from servable.report.bars import Bar, bars
from servable.report.blocks import (
    Banner,
    Block,
    Cell,
    Column,
    Facts,
    Figure,
    Gallery,
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
from servable.report.scores import ScoreCurve, calibration_plot, score_histogram
from servable.report.svg import Axis
from servable.report.thinning import thinned

__all__ = [
    "Axis",
    "Banner",
    "Bar",
    "Block",
    "Cell",
    "Column",
    "Curve",
    "Facts",
    "Figure",
    "Gallery",
    "Key",
    "Page",
    "Paragraph",
    "Points",
    "Quote",
    "ScoreCurve",
    "Section",
    "Stairs",
    "Table",
    "Throughput",
    "TimedRequests",
    "Tone",
    "UpperBound",
    "bars",
    "bounded_ms",
    "calibration_plot",
    "count",
    "latency_over_time",
    "percentile_plot",
    "rate_over_time",
    "render",
    "score_histogram",
    "share",
    "significant",
    "thinned",
    "time_axis",
    "under_way_over_time",
]
