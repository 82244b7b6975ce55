"""The page of an inspection: one file, everything told, nothing of a record, hostile names as text."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from inspected import golden, network, region, schema, scorer_of, table, text, trees

from servable.artifact import Artifact, MemoryFiles, StoredCalibration, StoredRiskTable
from servable.inspection import describe
from servable.inspection.page import description_page
from servable.schema import Field, Kind

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
MOST_BYTES = 300_000
BETA = StoredCalibration(kind="beta", tables={}, parameters={"a": 2, "b": 1, "c": 0}, where="beta.json")


def page_of(artifact: Artifact) -> str:
    scorer = scorer_of(artifact)
    return description_page(scorer, describe(scorer))


def words(html: str) -> str:
    """The page's words, in order, without those of its style."""
    body = re.sub(r"<[^>]+>", " ", html.partition("</head>")[2])
    return " ".join(unescape(body).split())


class Tags(HTMLParser):
    """Tags and attributes, and whether every tag that was opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names += [name for name, _ in attrs]
        if tag not in {"meta", "path", "rect", "circle"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names += [name for name, _ in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def many_tables(amount: int) -> Artifact:
    names = [f"field {number}" for number in range(amount)]
    tables = {name: StoredRiskTable(bins={"a": 0.25, "b": 0.75}, default_bin=0.5) for name in names}
    fields = tuple(Field(name, Kind.CATEGORICAL) for name in names)
    return trees(schema=schema(fields=fields, csv_columns=None), features=tuple(names), risk_tables=tables)


def hostile() -> Artifact:
    """An artifact whose every name comes from somebody who wants to run a script."""
    fields = (Field(f"n{HOSTILE}", Kind.NUMERIC), Field(f"c{HOSTILE}", Kind.CATEGORICAL))
    risk = {f"c{HOSTILE}": StoredRiskTable(bins={HOSTILE: 0.25, "\u202eb\x1b": 0.75}, default_bin=0.5)}
    names = (*(field.name for field in fields), HOSTILE)
    return network(
        text(field=HOSTILE, where=HOSTILE),
        name=HOSTILE,
        family=HOSTILE,
        features=names[:2],
        risk_tables=risk,
        imputation={},
        schema=schema(
            fields=(*fields, Field(HOSTILE, Kind.TEXT)),
            classes=(HOSTILE, f"1{HOSTILE}"),
            csv_columns=(*names, HOSTILE),
            id_name=HOSTILE,
            label_name=HOSTILE,
        ),
        calibrations=(replace(table((0.0, 0.1), (1.0, 0.9)), where=HOSTILE),),
        degradations=(HOSTILE,),
        remarks=(HOSTILE,),
        files=MemoryFiles({HOSTILE: b"", "hyperparameters.json": b""}),
    )


EVERYTHING = {
    "trees": trees(calibrations=(table((0.0, 0.1), (0.5, 0.3), (1.0, 0.9)),)),
    "curve": trees(calibrations=(BETA,), golden=None),
    "network": network(remarks=("a key is not read",), degradations=("a table is broken",)),
    "two texts": network(text(), text(field="answer")),
    "classes": trees(
        schema=schema(classes=("a", "b")),
        calibrations=(
            StoredCalibration(kind="regular_multiclass", tables={0: [[0, 0.1], [1, 0.9]]}, where="c"),
        ),
    ),
    "many tables": many_tables(30),
    "extreme": trees(
        risk_tables=region({"a": -1.7e308, "b": 1.7e308, "c": 1e-300}),
        calibrations=(table((-1e299, 0.25), (1e299, 0.75)),),
        golden=golden([]),
    ),
    "hostile": hostile(),
}


@pytest.mark.parametrize("case", EVERYTHING)
def test_it_is_one_well_formed_file_that_loads_and_runs_nothing(case: str) -> None:
    html = page_of(EVERYTHING[case])
    found = Tags(html)

    assert found.open == []
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(found.tags)
    assert not [name for name in found.names if name.startswith("on") or name in {"src", "href", "style"}]
    assert not re.search(r"https?://", html)
    assert not re.search(r' (?:d|x|y|width|cx|cy)="[^"]*(?:nan|inf)', html)
    assert len(html.encode()) < MOST_BYTES
    assert html == page_of(EVERYTHING[case])


def test_hostile_names_stay_text() -> None:
    html = page_of(EVERYTHING["hostile"])

    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE in words(html)
    assert "\\u{202e}b\\u{1b}" in words(html)
    assert not {"\u202e", "\x1b"} & set(html)


def test_the_name_stands_first_with_what_there_is_to_be_warned_of() -> None:
    odd = network(
        golden=None, imputation={}, degradations=("a table is broken",), remarks=("a key is not read",)
    )

    said = words(page_of(odd))

    assert said.startswith(
        "Inspection of an artifact loans 1 degradation and 2 warnings: read them before you trust a score. "
        "A text network for 2 classes; a record has 3 fields: 1 number, 1 category and 1 text."
    )
    for sentence in ("a table is broken", "a key is not read", *_sentences(odd)):
        assert sentence in said


def _sentences(artifact: Artifact) -> list[str]:
    return [oddity.sentence for oddity in describe(scorer_of(artifact)).oddities]


def test_where_nothing_is_odd_it_says_so() -> None:
    said = words(page_of(trees()))

    assert said.startswith("Inspection of an artifact loans Trees for 2 classes; a record has 2 fields: ")
    assert "None found." in said
    assert "Good to know" not in said


def test_it_tells_the_facts() -> None:
    said = words(page_of(network()))

    for fact in (
        "region categorical 2 0.5 as an unknown one 0.5",
        "Columns of a CSV without header the fields in this order",
        "Steps html_normalizer, text_normalizer, dialogue_chunker, tokenizer",
        "Chunks one chunk of 48 tokens",
        "Vocabulary 5 tokens",
        "Calibration What becomes of a raw score.",
        "None: calibrated scores are the raw ones.",
        "3: 3 real records of the test split, 0 derived from the schema.",
        "Model head.onnx, encoder.onnx, encoder.onnx.data",
        "encoder.onnx.data 2.5 MB",
    ):
        assert fact in said


@pytest.mark.parametrize(
    ("artifact", "fact"),
    [
        (network(imputation={}), "amount numeric ~ 0 not imputed ~"),
        (trees(imputation={}), "amount numeric ~ missing ~"),
        (trees(risk_tables={}, features=("amount",)), "region not read by the model categorical ~ ~ ~"),
        (
            trees(risk_tables=region({"nan": 0.25}, default=0.5)),
            "region categorical 1 0.25 a bin of its own 0.5",
        ),
    ],
)
def test_it_tells_what_becomes_of_what_is_missing(artifact: Artifact, fact: str) -> None:
    assert fact in words(page_of(artifact)).replace("\N{EN DASH}", "~")


def test_nothing_of_a_golden_record_is_on_it_but_how_often_a_score_occurs() -> None:
    html = page_of(trees(golden=golden([0.2, 0.4, 0.6, 0.6])))

    assert "secret" not in html
    assert (
        "4 real golden records; 5 % at or below 0.23, half at or below 0.5, 95 % at or below 0.6."
        in words(html)
    )


def test_golden_records_that_are_derived_are_not_counted_beside_real_ones() -> None:
    said = words(page_of(trees(golden=golden([0.2, 0.4, 0.9], derived=1))))

    assert 'How many of 2 records have a raw score of class "1" in each twentieth' in said


def test_of_several_classes_the_highest_score_is_counted() -> None:
    raw = np.array([[0.2, 0.3, 0.5], [0.8, 0.1, 0.1]])
    plain = golden([0.5, 0.5])
    of_three = replace(plain, reference=replace(plain.reference, raw=raw, calibrated=raw))

    said = words(page_of(trees(schema=schema(classes=("a", "b", "c")), golden=of_three)))

    assert "How many of 2 records have a raw score of the likeliest class in each twentieth" in said
    assert "half at or below 0.65" in said


def test_of_a_table_the_categories_furthest_from_the_default_are_drawn() -> None:
    bins = {f"c{number}": 0.5 + number / 100 * (-1) ** number for number in range(1, 21)}

    said = words(page_of(trees(risk_tables=region(bins))))

    assert (
        "Risks of region c20 0.7, c18 0.68, c16 0.66, c14 0.64, c13 0.37, c15 0.35, c17 0.33, c19 0.31."
        in said
    )
    assert "8 of 20 categories; an unknown one has 0.5." in said


def test_codes_of_categories_are_not_drawn() -> None:
    assert "Risk tables" not in words(page_of(trees(risk_tables=region({"a": 0.0, "b": 1.0}, default=-1.0))))


def test_a_calibrator_is_drawn_in_each_kind() -> None:
    several = StoredCalibration(
        kind="regular_multiclass", tables={index: [[0, 0.1], [1, 0.9]] for index in range(3)}, where="c"
    )
    of_three = trees(schema=schema(classes=("a", "b", "c")), golden=None)
    warm = StoredCalibration(kind="temperature", tables={}, parameters={"temperature": 2.0}, where="t.json")

    drawn = {
        "beta": page_of(trees(calibrations=(BETA,))),
        "classes": page_of(replace(of_three, calibrations=(several,))),
        "temperature": page_of(trees(calibrations=(warm,))),
        "temperature of three": page_of(replace(of_three, calibrations=(warm,))),
    }

    counted = {name: html.count('id="calibration-') // 2 for name, html in drawn.items()}
    assert counted == {"beta": 1, "classes": 3, "temperature": 1, "temperature of three": 0}
    assert "Kind temperature Place t.json temperature 2" in words(drawn["temperature of three"])


def test_of_very_many_tables_and_files_some_are_drawn_and_the_others_counted() -> None:
    files = MemoryFiles({f"file {number:03}": b"x" for number in range(100)})

    said = words(page_of(replace(many_tables(30), files=files)))

    assert "And 18 tables more." in said
    assert "40 files more 40 bytes" in said
