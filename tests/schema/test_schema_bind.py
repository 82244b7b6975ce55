"""`bind`, rule by rule: columns (decision 0002), required and missing (0003), numbers (0004)."""

import math
from typing import Any

import pytest

from servable.errors import BadInput
from servable.records import ABSENT, Table
from servable.schema import MAX_CELL_CHARS, NETWORK_MAX, PANDAS_NULLS, Field, Kind, Schema

AGE, JOB, NOTE = Field("age", Kind.NUMERIC), Field("job", Kind.CATEGORICAL), Field("note", Kind.TEXT)
SCHEMA = Schema(
    fields=(AGE, JOB, NOTE),
    classes=("0", "1"),
    id_name="id",
    label_name="y",
    csv_columns=("id", "age", "job", "note"),
)
NUMBER = Schema(fields=(AGE,), classes=("0", "1"), csv_columns=("age",))
CATEGORY = Schema(fields=(JOB,), classes=("0", "1"), csv_columns=("job",))
RANGE = "a number between -3.403e+38 and 3.403e+38"


def _named(**cells: object) -> Table:
    return Table.of_records([cells])


def _number(cell: object, schema: Schema = NUMBER) -> float:
    return float(schema.bind(_named(age=cell)).columns["age"][0])


def _category(cell: object) -> Any:
    return CATEGORY.bind(_named(job=cell)).columns["job"][0]


def _refusal(schema: Schema, table: Table, **options: int) -> BadInput:
    with pytest.raises(BadInput) as caught:
        schema.bind(table, **options)
    return caught.value


# --- columns of a headerless CSV


def test_cells_without_names_take_the_columns_of_the_artifact_in_their_order() -> None:
    records = SCHEMA.bind(Table(names=None, rows=[("a7", "31", "clerk", "hello"), ("a8", None, None, None)]))

    assert records.columns["age"].tolist()[0] == 31.0
    assert math.isnan(records.columns["age"][1])
    assert records.columns["job"].tolist() == ["clerk", None]
    assert records.columns["note"].tolist() == ["hello", None]
    assert records.ids == ("a7", "a8")
    assert len(records) == 2


def test_a_first_row_that_equals_all_the_columns_is_a_header_and_is_counted() -> None:
    table = Table(names=None, rows=[("id", "age", "job", "note"), ("a7", "31", "clerk", "hello")])

    records = SCHEMA.bind(table)

    assert (len(records), records.skipped_headers) == (1, 1)


@pytest.mark.parametrize("row", [("id", "age", "job", "NOTE"), ("age", "id", "job", "note")])
def test_a_first_row_that_equals_most_of_the_columns_is_a_record(row: tuple[str, ...]) -> None:
    error = _refusal(SCHEMA, Table(names=None, rows=[row]))

    assert error.code == "request.number"
    assert str(error).startswith('record 0, field "age"')


def test_a_header_alone_is_no_record() -> None:
    error = _refusal(NUMBER, Table(names=None, rows=[("age",)]))

    assert str(error) == "request: expected at least one record, found none; send one"


@pytest.mark.parametrize(("cells", "found"), [(("1",), "1 cell"), (("1", "2", "3", "4", "5"), "5 cells")])
def test_a_row_of_another_width_is_refused_and_the_columns_are_named(
    cells: tuple[str, ...], found: str
) -> None:
    error = _refusal(SCHEMA, Table(names=None, rows=[("a7", "31", "clerk", "x"), cells]))

    assert error.code == "request.width"
    assert str(error) == (
        f"record 1: expected the 4 columns id, age, job, note, found {found}; "
        "send exactly these columns, in this order"
    )


def test_records_are_counted_without_the_header() -> None:
    error = _refusal(NUMBER, Table(names=None, rows=[("age",), ("1",), ("x",)]))

    assert str(error).startswith('record 1, field "age"')


def test_cells_without_names_are_refused_where_the_artifact_lists_no_columns() -> None:
    error = _refusal(Schema(fields=(AGE,), classes=("0", "1")), Table(names=None, rows=[("1",)]))

    assert error.code == "request.columns"
    assert str(error) == (
        "request: expected named columns, because this artifact has no list of CSV columns, "
        "found a CSV without a header; "
        "send a header row with content type `text/csv; header=present`, or JSON"
    )


def test_of_a_repeated_column_the_later_cell_wins() -> None:
    twice = Schema(fields=(AGE,), classes=("0", "1"), csv_columns=("age", "age"))

    assert twice.bind(Table(names=None, rows=[("1", "2")])).columns["age"].tolist() == [2.0]
    assert NUMBER.bind(Table(names=("age", "age"), rows=[("1", "2")])).columns["age"].tolist() == [2.0]


# --- required and missing


def test_every_field_must_be_present() -> None:
    error = _refusal(SCHEMA, _named(age=1, job="a"))

    assert error.code == "request.missing-field"
    assert str(error) == (
        'record 0, field "note": expected every field to be present, found no such key; '
        "add it, with null if the value is missing"
    )


def test_a_field_that_is_missing_under_a_similar_name_is_pointed_out() -> None:
    error = _refusal(NUMBER, _named(Age=1))

    assert str(error) == (
        'record 0, field "age": expected every field to be present, found no such key; '
        'add it (or rename "Age"), with null if the value is missing'
    )


@pytest.mark.parametrize("field", ["age", "job", "note"])
def test_a_key_that_one_record_lacks_is_refused_with_that_record(field: str) -> None:
    whole = {"age": 1, "job": "a", "note": "b"}
    table = Table.of_records([whole, {key: cell for key, cell in whole.items() if key != field}])

    error = _refusal(SCHEMA, table)

    assert [str(problem) for problem in error.problems] == [
        f'record 1, field "{field}": expected every field to be present, found no such key; '
        "add it, with null if the value is missing"
    ]


def test_all_problems_are_told_and_the_first_is_the_text() -> None:
    table = Table.of_records([{"age": "x", "job": ["a"]}, {"age": "y", "job": "a"}])

    error = _refusal(SCHEMA, table)

    assert [problem.where for problem in error.problems] == [
        'record 0, field "note"',
        'record 0, field "age"',
        'record 1, field "age"',
        'record 0, field "job"',
    ]
    assert str(error).endswith("with null if the value is missing (and 3 more problems)")


def test_no_more_than_twenty_problems_are_told() -> None:
    error = _refusal(NUMBER, Table(names=("age",), rows=[("x",)] * 50))

    assert len(error.problems) == 20


def test_a_record_is_named_by_its_place_in_the_file() -> None:
    error = _refusal(NUMBER, Table(names=("age",), rows=[("1",), ("x",)]), first_record=4096)

    assert str(error).startswith('record 4097, field "age"')


def test_a_request_without_a_record_is_refused() -> None:
    for table in (Table(names=(), rows=[]), Table(names=("age",), rows=[]), Table(names=None, rows=[])):
        error = _refusal(NUMBER, table)

        assert error.code == "request.no-records"
        assert str(error) == "request: expected at least one record, found none; send one"


def test_unknown_keys_the_label_and_the_id_are_ignored_and_counted_and_the_id_is_kept() -> None:
    table = Table.of_records(
        [{"age": 1, "job": "a", "note": "", "id": i, "y": 1, "extra": [1]} for i in ("x", 7)]
    )

    records = SCHEMA.bind(table)

    assert (records.ids, records.ignored_cells) == (("x", 7), 6)
    assert set(records.columns) == {"age", "job", "note"}


def test_records_have_no_ids_where_the_table_has_no_such_column() -> None:
    assert SCHEMA.bind(_named(age=1, job="a", note="")).ids is None


def test_the_id_that_one_record_lacks_is_missing() -> None:
    full = {"age": 1, "job": "a", "note": ""}

    records = SCHEMA.bind(Table.of_records([full | {"id": "x"}, full]))

    assert records.ids == ("x", None)


@pytest.mark.parametrize("cell", ["NA", "null", "nan", "None", "", " ", "N/A"])
def test_any_string_is_a_category_and_only_null_is_missing(cell: str) -> None:
    assert _category(cell) == cell
    assert _category(None) is None


@pytest.mark.parametrize(
    ("cell", "text"), [(12, "12"), (10.0, "10.0"), (0.5, "0.5"), (True, "True"), (False, "False")]
)
def test_a_number_or_truth_value_in_a_category_is_its_string(cell: object, text: str) -> None:
    assert _category(cell) == text


@pytest.mark.parametrize(
    ("cell", "found"),
    [(["a"], "a list"), (("a",), "a list"), ({"a": 1}, "an object"), (b"a", "a value of type bytes")],
)
def test_a_list_or_an_object_in_a_category_is_refused(cell: object, found: str) -> None:
    error = _refusal(CATEGORY, Table(names=("job",), rows=[("a",), (cell,)]))

    assert error.code == "request.type"
    assert str(error) == (
        f'record 1, field "job": expected a string, found {found}; '
        "send a string, or null if the value is missing"
    )


# --- numbers


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("5.25", 5.25),
        (" 7 ", 7.0),
        ("1e2", 100.0),
        ("+.5", 0.5),
        ("-3.", -3.0),
        ("007", 7.0),
        (True, 1.0),
        (False, 0.0),
        (3, 3.0),
        (2**63, float(2**63)),
        (-0.0, -0.0),
        ("1" * 30, float("1" * 30)),
    ],
)
def test_a_number_its_string_and_a_truth_value_are_numbers(cell: object, number: float) -> None:
    assert repr(_number(cell)) == repr(number)


@pytest.mark.parametrize("cell", [None, "", " ", "\t\n"])
def test_null_and_blank_are_a_missing_number(cell: object) -> None:
    assert math.isnan(_number(cell))


@pytest.mark.parametrize("cell", sorted(PANDAS_NULLS))
def test_the_null_spellings_of_the_artifact_are_a_missing_number(cell: str) -> None:
    legacy = Schema(fields=(AGE,), classes=("0", "1"), null_spellings=PANDAS_NULLS)

    assert math.isnan(_number(cell, legacy))
    assert math.isnan(_number(f" {cell} ", legacy))


@pytest.mark.parametrize("cell", sorted(PANDAS_NULLS - {""}))
def test_words_are_no_missing_numbers_where_the_artifact_does_not_say_so(cell: str) -> None:
    error = _refusal(NUMBER, _named(age=cell))

    assert error.code == "request.number"
    assert str(error) == (
        f'record 0, field "age": expected {RANGE}, found the string {cell!r}; '
        "send a number, or null if the value is missing"
    )


@pytest.mark.parametrize("cell", ["abc", "1,234.5", "12,50", "1_000", "0x10", "١٢", "1 2", "--1", "e5", "."])
def test_a_string_that_is_no_number_is_refused(cell: str) -> None:
    error = _refusal(NUMBER, _named(age=cell))

    assert str(error) == (
        f'record 0, field "age": expected {RANGE}, found the string {cell!r}; '
        "send a number, or null if the value is missing"
    )


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "+INF", "1e400", "1e39", "-3.5e38"])
def test_infinity_and_what_overflows_are_refused_as_strings(cell: str) -> None:
    error = _refusal(NUMBER, _named(age=cell))

    assert str(error) == (
        f'record 0, field "age": expected {RANGE}, found the string {cell!r}; '
        "send a finite number, or null if the value is missing"
    )


@pytest.mark.parametrize("cell", [math.inf, -math.inf, 1e39, 10**39, -(10**400)])
def test_infinity_and_what_overflows_are_refused_as_numbers(cell: object) -> None:
    error = _refusal(NUMBER, _named(age=cell))

    found = repr(cell) if len(repr(cell)) <= 60 else f"{repr(cell)[:57]}..."
    assert str(error) == (
        f'record 0, field "age": expected {RANGE}, found {found}; '
        "send a finite number, or null if the value is missing"
    )


def test_an_integer_of_thousands_of_digits_is_refused_in_words() -> None:
    error = _refusal(NUMBER, _named(age=10**5000))

    assert str(error).startswith(f'record 0, field "age": expected {RANGE}, found ')
    assert str(_refusal(CATEGORY, _named(job=10**5000))).startswith(
        'record 0, field "job": expected a string'
    )


def test_the_largest_float32_is_a_number() -> None:
    assert _number(3.4028234663852886e38) == 3.4028234663852886e38


@pytest.mark.parametrize("cell", [1.9e19, "-1.9e19"])
def test_a_network_refuses_numbers_whose_square_overflows(cell: object) -> None:
    network = Schema(fields=(AGE,), classes=("0", "1"), number_limit=NETWORK_MAX)

    error = _refusal(network, _named(age=cell))

    assert "expected a number between -1.8e+19 and 1.8e+19, found" in str(error)


@pytest.mark.parametrize(("cell", "found"), [([1], "a list"), ({"a": 1}, "an object")])
def test_a_list_or_an_object_is_no_number(cell: object, found: str) -> None:
    error = _refusal(NUMBER, _named(age=cell))

    assert str(error) == (
        f'record 0, field "age": expected {RANGE}, found {found}; '
        "send a number, or null if the value is missing"
    )


def test_an_absent_cell_is_never_a_number() -> None:
    error = _refusal(NUMBER, Table(names=("age",), rows=[(1,), (ABSENT,)]))

    assert error.code == "request.missing-field"


# --- how long a cell may be


@pytest.mark.parametrize("name", ["job", "note"])
def test_a_cell_beyond_the_limit_is_refused_with_its_length(name: str) -> None:
    cells: dict[str, object] = {"age": 1, "job": "clerk", "note": "hello"}

    longest = SCHEMA.bind(_named(**cells | {name: "x" * MAX_CELL_CHARS}))
    error = _refusal(SCHEMA, _named(**cells | {name: "x" * (MAX_CELL_CHARS + 1)}))

    assert len(longest.columns[name][0]) == MAX_CELL_CHARS
    assert error.code == "request.cell"
    assert str(error) == (
        f'record 0, field "{name}": expected at most 65536 characters, found 65537; '
        "shorten it, or null if the value is missing"
    )


def test_a_column_without_a_name_is_no_id_where_none_is_named() -> None:
    schema = Schema(fields=(Field("a", Kind.NUMERIC),), classes=("0", "1"))

    records = schema.bind(Table(names=("", "a"), rows=[(77, 1.0)]))

    assert records.ids is None
    assert records.ignored_cells == 1
