"""Pages for people: one template, a few blocks and the figures that reports share."""

from servable.report.axes import Axis
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
from servable.report.confusion import confusion_table
from servable.report.curves import RateBand, RateCurve, precision_recall_plot, roc_plot
from servable.report.distributions import Distribution, change_histogram, histogram_pair
from servable.report.effects import Effect, effect_bars
from servable.report.figures import (
    Curve,
    TimedRequests,
    UpperBound,
    bounded_ms,
    latency_over_time,
    percentile_plot,
    time_axis,
)
from servable.report.numbers import count, share, signed, significant
from servable.report.rates import Stairs, Throughput, rate_over_time, under_way_over_time
from servable.report.reliability import ReliabilityBins, reliability_plot
from servable.report.render import render
from servable.report.scatter import ScorePairs, scatter_pair
from servable.report.scores import ScoreCurve, calibration_plot, score_histogram
from servable.report.series import Series
from servable.report.share_bars import SharePair, share_bars
from servable.report.thinning import thinned

__all__ = [
    "Axis",
    "Banner",
    "Bar",
    "Block",
    "Cell",
    "Column",
    "Curve",
    "Distribution",
    "Effect",
    "Facts",
    "Figure",
    "Gallery",
    "Key",
    "Page",
    "Paragraph",
    "Points",
    "Quote",
    "RateBand",
    "RateCurve",
    "ReliabilityBins",
    "ScoreCurve",
    "ScorePairs",
    "Section",
    "Series",
    "SharePair",
    "Stairs",
    "Table",
    "Throughput",
    "TimedRequests",
    "Tone",
    "UpperBound",
    "bars",
    "bounded_ms",
    "calibration_plot",
    "change_histogram",
    "confusion_table",
    "count",
    "effect_bars",
    "histogram_pair",
    "latency_over_time",
    "percentile_plot",
    "precision_recall_plot",
    "rate_over_time",
    "reliability_plot",
    "render",
    "roc_plot",
    "scatter_pair",
    "score_histogram",
    "share",
    "share_bars",
    "signed",
    "significant",
    "thinned",
    "time_axis",
    "under_way_over_time",
]
