"""What an artifact holds, as values, as JSON and as lines of text."""

import hashlib
import json
from dataclasses import replace

import pytest
from inspected import DIGEST, STEPS, golden, network, region, schema, scorer_of, table, text, tokenizer, trees

from servable.artifact import Artifact, EngineFile, EngineKind, MemoryFiles, StoredCalibration
from servable.inspection import describe, description_lines
from servable.records import TextJoin
from servable.schema import Field, Kind


def plain(artifact: Artifact) -> dict[str, object]:
    """The description as somebody reads it who parses its JSON."""
    values: dict[str, object] = json.loads(json.dumps(describe(scorer_of(artifact)).to_plain()))
    return values


def lines(artifact: Artifact) -> list[str]:
    return description_lines(describe(scorer_of(artifact)))


def line(artifact: Artifact, label: str) -> str:
    """What stands behind a label."""
    (found,) = (line for line in lines(artifact) if line.startswith(f"  {label} "))
    return found.removeprefix(f"  {label} ").strip()


# --- layouts


@pytest.mark.parametrize(
    ("kind", "files", "layout"),
    [
        (EngineKind.XGBOOST, ("xgboost_model.bst", "feature_columns.txt"), "XGBoost output"),
        (EngineKind.LIGHTGBM, ("lightgbm_model.txt", "feature_columns.txt"), "LightGBM output"),
        (EngineKind.XGBOOST, ("model.ubj",), "bare booster"),
        (EngineKind.XGBOOST, ("model.ubj", "feature_columns.txt"), "bare booster"),
        (EngineKind.XGBOOST, ("xgboost_model.bst",), "bare booster"),
        (EngineKind.LIGHTGBM, ("model.txt",), "bare booster"),
        (EngineKind.TORCH, ("model.pth", "hyperparameters.json"), "text network output"),
        (EngineKind.ONNX_WHOLE, ("model.onnx", "model_artifacts.pth"), "text network output"),
        (EngineKind.TORCH, ("model.safetensors", "config.json", "tokenizer.json"), "Hugging Face folder"),
    ],
)
def test_the_layout_is_named(kind: EngineKind, files: tuple[str, ...], layout: str) -> None:
    artifact = trees(
        engine=EngineFile(kind=kind, file=files[0]), files=MemoryFiles(dict.fromkeys(files, b""))
    )

    assert plain(artifact)["layout"] == layout
    assert lines(artifact)[0] == f"loans (xgboost, {layout})"


# --- fields


def test_fields_are_told_with_their_tables() -> None:
    with_missing = trees(risk_tables=region({"north": 0.75, "nan": 0.25}, default=0.5))

    assert plain(with_missing)["fields"] == [
        {
            "name": "amount",
            "kind": "numeric",
            "is_read": True,
            "imputation": 12.0,
            "table": None,
            "text": None,
        },
        {
            "name": "region",
            "kind": "categorical",
            "is_read": True,
            "imputation": None,
            "table": {
                "bins": 2,
                "default": 0.5,
                "missing": 0.25,
                "has_missing_bin": True,
                "lowest": 0.25,
                "highest": 0.75,
                "holds_codes": False,
            },
            "text": None,
        },
    ]
    assert lines(with_missing)[9:12] == [
        "  fields      2; id none, label none",
        "    amount  numeric      imputed by 12.0",
        "    region  categorical  2 bins, unknown 0.5, missing 0.25",
    ]


def test_a_text_is_told_with_its_tokenizer() -> None:
    (_, _, field) = plain(network(text(max_chunks=3)))["fields"]  # type: ignore[misc]

    assert field["text"] == {
        "steps": list(STEPS),
        "chunk": "the whole text",
        "max_tokens": 48,
        "max_chunks": None,
        "tokenizer": {
            "place": "t.json",
            "vocabulary_size": 5,
            "sha256": hashlib.sha256(tokenizer()).hexdigest(),
        },
    }
    assert (
        line(network(), "tokenizer") == f"t.json, 5 tokens, sha256 {hashlib.sha256(tokenizer()).hexdigest()}"
    )


@pytest.mark.parametrize(
    ("steps", "limit", "words"),
    [
        (STEPS, 3, "one chunk of 48 tokens"),
        (("one_chunk", "tokenizer"), None, "one chunk of 48 tokens"),
        (
            ("dialogue_splitter", "dialogue_chunker", "tokenizer"),
            3,
            "at most 3 chunks of 48 tokens, each as many messages as fit",
        ),
        (
            ("dialogue_splitter", "dialogue_chunker", "tokenizer"),
            None,
            "chunks of 48 tokens, each as many messages as fit",
        ),
        (("dialogue_splitter", "tokenizer"), 3, "chunks of 48 tokens, each one message"),
        (("tokenizer",), 3, "chunks of 48 tokens, each one character"),
    ],
)
def test_what_chunks_a_text_has_is_told_as_its_steps_make_it(
    steps: tuple[str, ...], limit: int | None, words: str
) -> None:
    told = line(network(text(steps=steps, max_chunks=limit)), "  review")

    assert told == f"text         {' > '.join(steps)}; {words}"


@pytest.mark.parametrize(
    ("artifact", "told"),
    [
        (trees(imputation={}), "numeric      missing stays missing"),
        (network(imputation={}), "numeric      missing is 0.0"),
        (network(features=("region",)), "numeric      imputed by 12.0, not read by the model"),
    ],
)
def test_what_becomes_of_a_missing_number_is_told(artifact: Artifact, told: str) -> None:
    assert line(artifact, "  amount") == told


@pytest.mark.parametrize(
    ("bins", "default", "told"),
    [
        ({"north": 0.25}, 0.5, "1 bin, unknown 0.5, missing the same"),
        ({"north": 0.0, "south": 1.0}, -1.0, "2 codes, unknown -1, missing the same"),
    ],
)
def test_what_becomes_of_a_category_is_told(bins: dict[str, float], default: float, told: str) -> None:
    assert line(trees(risk_tables=region(bins, default=default)), "  region") == f"categorical  {told}"


def test_a_category_without_a_table_is_told() -> None:
    assert line(trees(risk_tables={}, features=("amount",)), "  region") == (
        "categorical  no table, not read by the model"
    )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (None, "none: a CSV without a header is refused"),
        (("amount", "region"), "the fields in this order"),
        (("id", "region", "amount"), "id, region, amount"),
        (tuple(map(str, range(42))), ", ".join(map(str, range(40))) + " and 2 more"),
    ],
)
def test_the_columns_of_a_csv_are_told(columns: tuple[str, ...] | None, told: str) -> None:
    artifact = trees(schema=schema(csv_columns=columns))

    assert line(artifact, "csv columns") == told
    assert plain(artifact)["csv_columns"] == (None if columns is None else list(columns))


def test_joined_columns_id_label_and_spellings_of_nothing_are_told() -> None:
    named = network(text_join=TextJoin(field="review", columns=("title", "body")))
    named = replace(
        named,
        schema=replace(named.schema, id_name="order", label_name="y", null_spellings=frozenset(["NA", ""])),
    )
    found = plain(named)

    assert (found["id_name"], found["label_name"], found["null_spellings"]) == ("order", "y", ["", "NA"])
    assert found["text_join"] == {"field": "review", "columns": ["title", "body"], "separator": " "}
    assert line(named, "joined") == "review = title, body"
    assert line(named, "fields") == "3; id order, label y"


# --- calibrator, golden records, engine, files


PAIRS = [[0.0, 0.1], [1.0, 0.9]]


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (None, "none: calibrated scores are the raw ones"),
        (table((0.0, 0.1), (0.5, 0.4), (1.0, 0.9)), "regular, 3 knots"),
        (
            StoredCalibration(kind="regular_multiclass", tables={0: PAIRS, 1: PAIRS}, where="c"),
            "regular_multiclass, knots by class 0: 2, 1: 2",
        ),
        (
            StoredCalibration(kind="regular_multiclass", tables={1: PAIRS}, where="c"),
            "regular_multiclass, knots by class 1: 2",
        ),
        (
            StoredCalibration(kind="temperature", tables={}, parameters={"temperature": 1.5}, where="c"),
            "temperature, temperature 1.5",
        ),
    ],
)
def test_the_calibrator_is_told(stored: StoredCalibration | None, told: str) -> None:
    assert line(trees(calibrations=() if stored is None else (stored,)), "calibrator") == told


def test_a_calibrator_has_its_kind_place_knots_and_parameters() -> None:
    curve = StoredCalibration(kind="beta", tables={}, parameters={"a": 1, "b": 2, "c": 0}, where="beta.json")

    assert plain(trees())["calibrator"] is None
    assert plain(trees(calibrations=(table((0.0, 0.1), (1.0, 0.9)),)))["calibrator"] == {
        "kind": "regular",
        "place": "calibration/table.json",
        "knots": {"1": 2},
        "parameters": {},
    }
    assert plain(trees(calibrations=(curve,)))["calibrator"] == {
        "kind": "beta",
        "place": "beta.json",
        "knots": {},
        "parameters": {"a": 1.0, "b": 2.0, "c": 0.0},
    }


@pytest.mark.parametrize(
    ("source", "derived", "is_real", "told"),
    [
        ("train", 1, True, "3: 2 real records of the test split, 1 derived from the schema"),
        ("table", 0, True, "3: 3 real records of a table that the packer chose, 0 derived from the schema"),
        ("endpoint", 2, True, "3: 1 real record recorded from an endpoint, 2 derived from the schema"),
        ("schema", 3, False, "3: all derived from the schema"),
        ("train", 3, False, "3: all derived from the schema"),
    ],
)
def test_golden_records_are_told_with_whose_they_are(
    source: str, derived: int, is_real: bool, told: str
) -> None:
    artifact = trees(golden=golden([0.2, 0.4, 0.6], source=source, derived=derived))

    assert line(artifact, "golden") == told
    assert plain(artifact)["golden"] == {
        "source": source,
        "records": 3,
        "derived_records": derived,
        "holds_real_records": is_real,
    }


def test_an_engine_is_told_with_its_files_and_their_sizes() -> None:
    assert line(network(), "engine") == (
        "onnx-network (head.onnx 1 byte, encoder.onnx 1 byte, encoder.onnx.data 2.5 MB)"
    )
    native = trees(
        engine=EngineFile(kind=EngineKind.XGBOOST, file="m.bst"), files=MemoryFiles({"m.bst": 2000 * b"x"})
    )
    assert line(native, "engine") == "xgboost (m.bst 2.0 kB; needs servable[trees])"
    assert plain(native)["engine"] == {
        "kind": "xgboost",
        "files": plain(native)["files"],
        "intra_op_threads": None,
        "extra": "trees",
    }


def test_files_have_sizes_and_digests() -> None:
    assert plain(trees(files=MemoryFiles({"a": b"one", "b": b""})))["files"] == [
        {"name": "a", "size_bytes": 3, "sha256": hashlib.sha256(b"one").hexdigest()},
        {"name": "b", "size_bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()},
    ]
    assert line(trees(), "files") == "2, 1.5 kB together"
    assert (plain(trees())["digest"], line(trees(), "digest")) == (DIGEST, DIGEST)


# --- what is odd


def test_what_is_odd_stands_at_the_end_the_worst_first() -> None:
    odd = trees(degradations=("a table: broken",), remarks=("a key: not read",), golden=None, imputation={})

    found = plain(odd)

    assert (found["degradations"], found["remarks"]) == (["a table: broken"], ["a key: not read"])
    assert [item["code"] for item in found["oddities"]] == ["golden.none", "imputation.none"]  # type: ignore[index, attr-defined]
    last = [line.split()[0] for line in lines(odd)[lines(odd).index("", 9) + 1 :]]
    assert last == ["degraded", "warning", "note", "remark"]


def test_where_nothing_is_odd_the_fields_come_last() -> None:
    assert lines(trees())[-1] == "  csv columns the fields in this order"


def test_no_name_can_move_the_cursor_of_a_terminal() -> None:
    hostile = trees(
        name="\x1b[2J\u202eloans",
        schema=schema(fields=(Field("a\x1b[2J\n", Kind.NUMERIC),), csv_columns=("a\x1b[2J\n",)),
        features=("a\x1b[2J\n",),
        risk_tables={},
    )

    assert all(line.isprintable() for line in lines(hostile))
    assert lines(hostile)[0] == "\\x1b[2J\\u202eloans (xgboost, packed)".replace(
        "packed", str(describe(scorer_of(hostile)).layout)
    )
