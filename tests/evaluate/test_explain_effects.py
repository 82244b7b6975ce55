"""What each field adds to a score: right for a model that is a known sum, nothing for what is not read."""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from explained import GIVEN, explained, scorer, summing, table_explained

from servable.evaluate import explanation_lines
from servable.evaluate.explain.effects import FieldEffect
from servable.evaluate.explain.page import explanation_page
from servable.evaluate.explain.sample import sampled
from servable.records import Table

RISK: Mapping[str | None, float] = {"low": 0.2, "high": 1.0, None: 0.9, "new": 0.6}


def _rows(n: int) -> list[dict[str, Any]]:
    draws = random.Random(4)  # noqa: S311  # rows, not a secret
    return [
        {
            "x": draws.choice([None, 0, 1, 3, 4]),
            "y": draws.choice([*RISK]),
            "ignored": draws.random(),
            "unread": draws.choice("ab"),
        }
        for _ in range(n)
    ]


def _by_field(effects: Sequence[FieldEffect]) -> dict[str, FieldEffect]:
    return {effect.field: effect for effect in effects}


def test_the_effects_of_a_sum_are_its_terms() -> None:
    rows = _rows(60)

    effects = table_explained(summing(), rows).effects

    found = _by_field(effects.fields)
    of_x = [0.05 * ((2 if row["x"] is None else row["x"]) - 2) for row in rows]
    of_y = [0.5 * (RISK[row["y"]] - 0.6) for row in rows]
    for terms, effect in ((of_x, found["x"]), (of_y, found["y"])):
        assert effect.change.value == pytest.approx(sum(terms) / 60, abs=1e-6)
        assert effect.size.value == pytest.approx(sum(map(abs, terms)) / 60, abs=1e-6)
    scores = [0.1 + 0.05 * 2 + 0.5 * 0.6 + x + y for x, y in zip(of_x, of_y, strict=True)]
    flips = sum((score > 0.5) != (score - y > 0.5) for score, y in zip(scores, of_y, strict=True))
    assert found["y"].flips == flips > 0


def test_a_field_without_weight_and_a_field_that_is_not_read_add_nothing() -> None:
    found = _by_field(table_explained(summing(), _rows(30)).effects.fields)

    for name in ("ignored", "unread"):
        effect = found[name]
        assert (effect.change.value, effect.size.value, effect.flips) == (0.0, 0.0, 0)
        assert (effect.change.low, effect.change.high) == (0.0, 0.0)
    assert (found["ignored"].is_read, found["unread"].is_read) == (True, False)


def test_the_interval_is_of_the_mean_over_the_records() -> None:
    rows = [{"x": x, "y": "low", "ignored": 0, "unread": "a"} for x in (2, 4) * 18]

    effects = table_explained(summing(), rows).effects

    effect = _by_field(effects.fields)["x"]
    deviation = math.sqrt(36 * 0.05**2 / 35)
    assert effect.change.value == pytest.approx(0.05, abs=1e-6)
    assert effect.change.high == pytest.approx(0.05 + 1.96 * deviation / 6, abs=1e-6)
    assert effect.change.low == pytest.approx(0.05 - 1.96 * deviation / 6, abs=1e-6)
    assert effects.sentence == ""


def test_few_records_have_means_without_an_interval_and_are_told_why() -> None:
    few = table_explained(summing(), _rows(29))

    assert all((each.change.low, each.size.high) == (None, None) for each in few.effects.fields)
    said = "There are fewer than 30 records, too few for 95 % intervals of the means."
    assert few.effects.sentence == said
    lines = explanation_lines(few)
    assert f"  {said}" in lines
    assert not any("[" in line or "  95 %" in line for line in lines)
    assert said in explanation_page(few)


def test_fields_stand_in_the_order_of_what_they_move() -> None:
    effects = table_explained(summing(), _rows(40)).effects

    assert [effect.field for effect in effects.fields] == ["y", "x", "ignored", "unread"]
    assert effects.score == 'the calibrated score of class 1, "yes"'


def test_one_record_has_an_effect_without_an_interval() -> None:
    effects = explained({"x": 0, "y": "high", "ignored": 0, "unread": "a"}, scored=summing()).effects

    found = _by_field(effects.fields)
    assert effects.rows == 1
    assert found["x"].change.value == pytest.approx(-0.1, abs=1e-6)
    assert found["x"].size.value == pytest.approx(0.1, abs=1e-6)
    assert (found["x"].change.low, found["x"].change.high) == (None, None)
    assert (found["x"].flips, found["y"].flips) == (0, 1)


def test_a_missing_value_is_told_by_what_stands_for_it() -> None:
    found = _by_field(table_explained(summing(), _rows(4)).effects.fields)
    of_text = _by_field(explained().effects.fields)

    assert found["x"].stands == "the imputation value, 2"
    assert found["y"].stands == "the default bin, 0.6"
    assert found["ignored"].stands == "nothing"
    assert of_text["note"].stands == "the empty text"


def test_the_effect_of_a_text_is_its_score_minus_that_of_the_empty_one() -> None:
    effect = _by_field(explained().effects.fields)["note"]

    record = {name: cell for name, cell in GIVEN.items() if name != "order"}
    whole, empty = scorer().score([record, {**record, "note": ""}]).calibrated[:, 1].tolist()
    assert effect.change.value == pytest.approx(whole - empty, abs=1e-6)


def test_a_sample_of_a_table_is_the_same_however_its_rows_come() -> None:
    bind = summing().schema.bind
    rows = _rows(500)
    records = bind(Table.of_records(rows))
    parts = [
        bind(Table.of_records(rows[:17])),
        bind(Table.of_records(rows[17:300])),
        bind(Table.of_records(rows[300:])),
    ]

    whole, in_parts = (sampled(iter(blocks), most=40, source="t") for blocks in ([records], parts))

    assert whole.total == in_parts.total == 500
    assert whole.records.columns.numbers.tobytes() == in_parts.records.columns.numbers.tobytes()
    assert len(whole.records) == 40
    assert whole.chosen == (
        "40 of 500, those whose number has the smallest sha256, so the same ones every time"
    )


def test_bars_are_as_long_as_effects_are_large() -> None:
    lines = explanation_lines(table_explained(summing(), _rows(40)))

    bars = {line.split()[0]: line.count("#") for line in lines if line.startswith("  ") and "[" in line}
    assert bars["y"] == 30
    assert 0 < bars["x"] < 30
    assert bars["ignored"] == bars["unread"] == 0
    assert any("no statement about causes" in line for line in lines)


def test_the_bar_of_one_record_goes_to_the_side_of_its_sign() -> None:
    lines = explanation_lines(explained({"x": 0, "y": "high", "ignored": 0, "unread": "a"}, scored=summing()))

    (of_x,) = [line for line in lines if line.startswith("  x ")]
    (of_y,) = [line for line in lines if line.startswith("  y ")]
    assert "#|" in of_x
    assert "|#" in of_y
