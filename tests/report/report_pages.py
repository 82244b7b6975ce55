"""Pages made by hand, and what a test wants to know of a page's text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np

from servable.report import (
    Banner,
    Bar,
    Cell,
    Column,
    Curve,
    Distribution,
    Effect,
    Facts,
    Figure,
    Gallery,
    Key,
    Page,
    Paragraph,
    Points,
    Quote,
    RateCurve,
    ReliabilityBins,
    ScoreCurve,
    ScorePairs,
    Section,
    Series,
    SharePair,
    Stairs,
    Table,
    Throughput,
    TimedRequests,
    Tone,
    UpperBound,
    bars,
    calibration_plot,
    change_histogram,
    confusion_table,
    effect_bars,
    histogram_pair,
    latency_over_time,
    percentile_plot,
    precision_recall_plot,
    rate_over_time,
    reliability_plot,
    render,
    roc_plot,
    scatter_pair,
    score_histogram,
    share_bars,
    time_axis,
    under_way_over_time,
)
from servable.report.markup import Markup

_EMPTY = frozenset({"meta", "path", "rect", "circle"})


@dataclass
class Seen(HTMLParser):
    """Tags, attributes, numbers and words of a page, as a browser without a style would have them."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str | None]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    words: dict[str, list[str]] = field(default_factory=dict)
    numbers: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._value: float | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in _EMPTY:
            self.open.append(tag)
        if tag == "data":
            self._value = float(dict(attrs)["value"] or "nan")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        self.words.setdefault(self.open[-1] if self.open else "", []).append(data)
        if self._value is not None:
            self.numbers.append((self._value, data))
            self._value = None

    def text(self) -> str:
        return "\n".join(word for tag, words in self.words.items() if tag != "style" for word in words)


def seen(html: str) -> Seen:
    parser = Seen()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def a_page(text: str = "fine", *, tone: Tone = Tone.GOOD) -> Page:
    """A page whose every place for text holds this text."""
    cell = Cell(text=text, note=text, tone=tone)
    table = Table(
        title=text, caption=text, columns=(Column(title=text), Column(title=text)), rows=((cell, cell),)
    )
    return Page(
        title=text,
        banner=Banner(
            kicker=text,
            verdict=text,
            tone=tone,
            meaning=text,
            sentence=text,
            reasons=(text,),
            facts=((text, cell),),
        ),
        sections=(
            Section(title=text, lead=text, blocks=(table, Paragraph(text=text), Points(items=(text,)))),
        ),
        footer=text,
    )


def rendered(text: str = "fine") -> str:
    return render(a_page(text))


def timed(n: int = 100, **changes: object) -> TimedRequests:
    """Requests ten a second, of which the first tenth are the warm-up."""
    values = {
        "at_s": (np.arange(n) - n // 10) / 10.0,
        "latency_ms": np.linspace(1.0, 5.0, n),
        "is_error": np.zeros(n, dtype=bool),
        "is_warmup": np.arange(n) < n // 10,
        "notable_ms": np.inf,
    }
    return TimedRequests(**{**values, **changes})  # type: ignore[arg-type]


def stairs(*values: float, low_s: float = -1.0) -> Stairs:
    """A value for each second."""
    return Stairs(edges_s=low_s + np.arange(len(values) + 1.0), values=np.array(values))


def throughput(**changes: object) -> Throughput:
    """Ten requests a second, all of them finished."""
    values = {
        "offered": stairs(10.0, 9.0, 11.0),
        "finished": stairs(9.0, 10.0, 11.0),
        "failed": stairs(0.0, 0.0, 0.0),
        "planned": 10.0,
    }
    return Throughput(**{**values, **changes})  # type: ignore[arg-type]


def figures() -> tuple[Markup, ...]:
    """One drawing of each kind."""
    x = time_axis(-1.0, 9.0)
    latency_ms = np.linspace(1.0, 5.0, 500)
    return (
        latency_over_time(timed(), x=x, limit_ms=100.0, most=2000, name="over-time"),
        percentile_plot(
            [Curve(latency_ms=latency_ms, mark="response")],
            limit_ms=100.0,
            percentile=0.99,
            bound=UpperBound(until=np.array([2.0, 120.0]), latency_ms=np.array([4.0, 5.0])),
            name="by-percentile",
        ),
        rate_over_time(throughput(failed=stairs(0.0, 1.0, 0.0)), x=x, name="rate"),
        under_way_over_time(stairs(1.0, 4.0), stairs(0.5, 1.5), x=x, allowed=5.0, name="under-way"),
    )


def small_figures() -> tuple[Markup, ...]:
    """One drawing of each kind that stands in a gallery; names in broad and in wide letters."""
    names = ("north", 40 * "W", 40 * "東", 40 * "long ", "m", "10")
    curve = ScoreCurve(raw=np.array([0.0, 0.5, 1.0]), calibrated=np.array([0.1, 0.2, 0.9]), has_knots=True)
    return (
        bars([Bar(name, 0.1234) for name in names], reference=0.12, name="bars", title="Bars"),
        calibration_plot(curve, name="calibration", title="Calibration"),
        score_histogram(np.linspace(0.0, 1.0, 500), name="histogram", title="Histogram", what="records"),
    )


def figures_of_models() -> tuple[Markup, ...]:
    """One drawing of each kind that is of a model's scores or of its records."""
    part = np.linspace(0.0, 1.0, 30)
    curves = [RateCurve(label=series, x=part, y=part, series=series) for series in Series]
    bins = [
        ReliabilityBins(label=series, predicted=part, observed=part, low=part / 2, high=part, series=series)
        for series in Series
    ]
    pairs = ScorePairs(x=part, y=part[::-1], is_notable=part > 0.5)
    edges = np.array([-np.inf, *np.linspace(-12345.6, 99999.9, 12), np.inf])
    spread = [
        Distribution(label=label, shares=np.full(13, 0.07), missing=missing)
        for label, missing in (("baseline", 0.09), ("fresh", 0.0))
    ]
    names = ("a", 40 * "W", "east")
    return (
        roc_plot(curves, name="roc", title="ROC"),
        precision_recall_plot(curves, base_rate=0.5, name="precision", title="Precision"),
        reliability_plot(bins, name="reliability", title="Reliability"),
        scatter_pair(pairs, x_title="A", y_title="B", notable="apart", name="scatter", title="Scores"),
        histogram_pair(*spread, edges=edges, x_title=40 * "x", name="pair", title="Pair"),
        change_histogram(
            part, edges=np.linspace(-1e-5, 1e-5, 31), x_title="x", what="y", name="c", title="Changes"
        ),
        effect_bars(
            [Effect(name=name, value=-0.00012345, low=-0.1, high=0.2) for name in names],
            name="effects",
            title="Effects",
        ),
        share_bars(
            [SharePair(name=name, baseline=0.12345, fresh=0.99999) for name in names],
            labels=("baseline", "fresh"),
            name="shares",
            title="Shares",
        ),
    )


def a_full_page() -> str:
    """A page with every kind of block and figure, and with words that do not break by themselves."""
    digest = Cell(text="sha256:" + 64 * "f", note=40 * "long ", is_code=True)
    number = Cell(text="1,234.5", value=1234.5, note="requests")
    columns = (Column(title="What it is"), *(Column(title=f"p{p}, ms", is_number=True) for p in range(9)))
    wide = Table(title="wide", caption="wide", columns=columns, rows=((digest, *9 * [number]),))
    stacked = Table(caption="stacked", columns=columns, rows=wide.rows, is_stacked=True)
    drawn = (
        Figure(
            svg=svg,
            keys=(Key(mark="response", text="a line"), Key(mark="area", text="an area")),
            caption="so",
        )
        for svg in figures()
    )
    gallery = Gallery(
        figures=tuple(Figure(title=60 * "t", svg=svg, keys=(), caption="so") for svg in small_figures())
    )
    facts = Facts(title="facts", items=(("digest", digest), ("number", number)))
    points = Points(items=(30 * "one ", "two"))
    confused = confusion_table([[10**9, 1], [1, 10**9]], classes=("no", 30 * "y"), caption="confusion")
    of_models = tuple(
        Figure(
            title="of a model", svg=svg, keys=tuple(Key(mark=one, text="one") for one in Series), caption="so"
        )
        for svg in figures_of_models()
    )
    return render(
        Page(
            title="a full page",
            banner=Banner(
                kicker=60 * "k",
                verdict="PASS",
                tone=Tone.GOOD,
                meaning=20 * "good ",
                sentence=30 * "right ",
                reasons=(30 * "why ", 80 * "r"),
                facts=(("digest", digest),),
            ),
            sections=(
                Section(title="tables", lead=20 * "read ", blocks=(wide, stacked, facts)),
                Section(title="figures", blocks=(*drawn, gallery)),
                Section(title="models", blocks=(confused, Gallery(figures=of_models))),
                Section(title="texts", blocks=(points, Quote(title=80 * "q", text=200 * "x"))),
            ),
            footer="the end",
        )
    )
