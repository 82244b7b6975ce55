"""Reading what training leaves: required files, twins in two forms, tolerated damage (decision 0011)."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import servable
from servable.artifact import MemoryFiles, OnDamage, format_feature_columns, read_files
from servable.errors import BadInput, Damaged
from servable.schema import PANDAS_NULLS, Kind
from servable.scorer import scorer_of

RECORD = {"age": 39, "income": 40_000.0, "region": "north", "code": 10}


@pytest.fixture(scope="module")
def output(training_output: Path) -> dict[str, bytes]:
    """The files of a training output, by name."""
    return {
        path.relative_to(training_output).as_posix(): path.read_bytes()
        for path in training_output.rglob("*")
        if path.is_file()
    }


def _without(files: dict[str, bytes], *names: str) -> dict[str, bytes]:
    assert set(names) <= files.keys()
    return {name: data for name, data in files.items() if name not in names}


def _refused(files: dict[str, bytes]) -> Damaged:
    with pytest.raises(Damaged) as caught:
        scorer_of(read_files(MemoryFiles(files)))
    return caught.value


def _tolerated(files: dict[str, bytes]) -> servable.Scorer:
    policy = OnDamage.WARN
    scorer = scorer_of(read_files(MemoryFiles(files), on_damage=policy), on_damage=policy)
    scorer.score(RECORD)
    return scorer


def test_fields_and_their_kinds_follow_the_feature_columns_and_the_risk_tables(
    output: dict[str, bytes],
) -> None:
    schema = read_files(MemoryFiles(output)).schema

    assert [(field.name, field.kind) for field in schema.fields] == [
        ("age", Kind.NUMERIC),
        ("income", Kind.NUMERIC),
        ("region", Kind.CATEGORICAL),
        ("code", Kind.CATEGORICAL),
    ]
    assert schema.csv_columns == ("age", "income", "region", "code")
    assert (schema.id_name, schema.label_name, schema.classes) == ("id", "y", ("0", "1"))
    assert schema.null_spellings == {""}


def test_the_label_and_the_id_are_columns_of_a_csv_but_no_fields(output: dict[str, bytes]) -> None:
    names = ("id", "age", "income", "region", "code", "y")

    artifact = read_files(MemoryFiles(output | {"feature_columns.txt": format_feature_columns(names)}))

    assert artifact.schema.names() == ("age", "income", "region", "code")
    assert artifact.schema.csv_columns == names


def test_an_output_of_another_tool_reads_the_words_of_pandas_as_missing(output: dict[str, bytes]) -> None:
    hyperparameters = json.loads(output["hyperparameters.json"])
    del hyperparameters["null_spellings"]

    artifact = read_files(
        MemoryFiles(output | {"hyperparameters.json": json.dumps(hyperparameters).encode()})
    )

    assert artifact.schema.null_spellings == PANDAS_NULLS


def test_hyperparameters_are_optional_beside_a_booster(output: dict[str, bytes]) -> None:
    artifact = read_files(MemoryFiles(_without(output, "hyperparameters.json")))

    assert artifact.degradations == ()
    assert artifact.schema.classes == ("0", "1")


@pytest.mark.parametrize(
    "text", [b"0,age\n1,income\r\n\n# x\n2,region\n3,code", b"9,age\n 8 ,income\n7,region\n7,code\n"]
)
def test_feature_columns_are_read_in_the_order_of_their_lines(text: bytes, output: dict[str, bytes]) -> None:
    artifact = read_files(MemoryFiles(output | {"feature_columns.txt": text}))

    assert artifact.features == ("age", "income", "region", "code")


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        (b"# x\n0,age\nincome\n", "feature_columns.txt line 3", "another form"),
        (b"0,a,b\n", "feature_columns.txt line 1", "another form"),
        (b"0,\n", "feature_columns.txt line 1", "another form"),
        (b"x,age\n", "feature_columns.txt line 1", "another form"),
        (b"", "feature_columns.txt", "no such line"),
        (b"# only a comment\n", "feature_columns.txt", "no such line"),
    ],
)
def test_feature_columns_of_another_form_are_refused_by_their_line(
    text: bytes, where: str, found: str, output: dict[str, bytes]
) -> None:
    error = _refused(output | {"feature_columns.txt": text})

    assert error.code == "artifact.feature-columns"
    assert str(error) == (
        f"{where}: expected lines of the form `<index>,<name>`, found {found}; "
        "write the file again with the training that made it"
    )


@pytest.mark.parametrize("stem", ["risk_table_map", "impute_dict"])
def test_a_table_that_a_booster_needs_is_refused_when_missing_and_tolerated_in_words(
    stem: str, output: dict[str, bytes]
) -> None:
    files = _without(output, f"{stem}.json", f"{stem}.pkl")
    sentence = (
        f"{stem}.json: expected {stem}.json or {stem}.pkl beside an XGBoost model, found neither; "
        "copy it from the training output, or pass `--on-damage warn` to go on without"
    )

    assert str(_refused(files)) == sentence
    if stem == "impute_dict":  # without risk tables a word like "north" has no number
        assert _tolerated(files).degradations == (sentence,)


@pytest.mark.parametrize("ending", ["json", "pkl"])
@pytest.mark.parametrize("stem", ["risk_table_map", "impute_dict", "calibration/calibration_model"])
def test_a_table_is_read_from_either_form_alike(stem: str, ending: str, output: dict[str, bytes]) -> None:
    whole = scorer_of(read_files(MemoryFiles(output)))

    one_form = scorer_of(read_files(MemoryFiles(_without(output, f"{stem}.{ending}"))))

    assert one_form.score(RECORD).calibrated.tolist() == whole.score(RECORD).calibrated.tolist()
    assert one_form.artifact.risk_tables == whole.artifact.risk_tables
    assert one_form.artifact.imputation == whole.artifact.imputation
    assert one_form.degradations == ()


@pytest.mark.parametrize("stem", ["risk_table_map", "impute_dict", "calibration/calibration_model"])
def test_twins_that_differ_are_damage(stem: str, output: dict[str, bytes]) -> None:
    other: Any = [(0.0, 0.0), (1.0, 1.0)] if "calibration" in stem else {}

    error = _refused(output | {f"{stem}.pkl": pickle.dumps(other)})

    assert str(error) == (
        f"{stem}.json: expected the same table as {stem}.pkl, found another one; "
        "write the table again with the training that made it"
    )


@pytest.mark.parametrize(
    ("stem", "plain", "sentence"),
    [
        ("impute_dict", {"age": "x"}, 'impute_dict, field "age": expected a number, found str'),
        ("impute_dict", {"age": True}, 'impute_dict, field "age": expected a number, found bool'),
        ("impute_dict", [1], "impute_dict: expected an object with string keys, found something else"),
        (
            "risk_table_map",
            {"region": {"bins": {"a": None}, "default_bin": 0.5}},
            'risk_table_map, field "region": expected a number for each bin and for default_bin, '
            "found something else",
        ),
        (
            "risk_table_map",
            {"region": {"bins": [], "default_bin": 0.5}},
            'risk_table_map, field "region", bins: expected an object with string keys, found something else',
        ),
        (
            "risk_table_map",
            {"region": {"bins": {}}},
            'risk_table_map, field "region": expected a number for each bin and for default_bin, '
            "found something else",
        ),
    ],
)
def test_a_table_of_another_shape_is_damage(
    stem: str, plain: object, sentence: str, output: dict[str, bytes]
) -> None:
    files = _without(output, f"{stem}.pkl") | {f"{stem}.json": json.dumps(plain).encode()}

    error = _refused(files)

    assert str(error) == f"{sentence}; write the table again with the training that made it"


@pytest.mark.parametrize(
    ("stem", "plain"),
    [
        ("impute_dict", {"age": 10**400}),
        ("risk_table_map", {"region": {"bins": {"a": 10**400}, "default_bin": 0.5}}),
        ("risk_table_map", {"region": {"bins": {1: 0.5}, "default_bin": 0.5}}),
        ("calibration/calibration_model", [(0.0, 0.0), (10**400, 1.0)]),
    ],
)
def test_a_pickle_of_values_that_json_does_not_have_is_damage(
    stem: str, plain: object, output: dict[str, bytes]
) -> None:
    _refused(_without(output, f"{stem}.json") | {f"{stem}.pkl": pickle.dumps(plain)})


def _calibrated(output: dict[str, bytes], **files: object) -> dict[str, bytes]:
    """The output with other calibration files: name with `__` for `/`, content as JSON or as it is."""
    kept = {name: data for name, data in output.items() if not name.startswith("calibration/")}
    return kept | {
        f"calibration/{name.replace('__', '/')}": content
        if isinstance(content, bytes)
        else json.dumps(content).encode()
        for name, content in files.items()
    }


HALF, ONE = [[0, 0.5], [1, 0.5]], [[0, 0.25], [1, 0.25]]


def test_the_percentile_table_comes_before_the_lookup_table(output: dict[str, bytes]) -> None:
    files = _calibrated(output, **{"percentile_score.json": HALF, "calibration_model.json": ONE})

    assert scorer_of(read_files(MemoryFiles(files))).score(RECORD).calibrated.tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("broken", [b"{", b"\x80\x04N.", [[0, 0]], [[0, 0], [1, 2]], [[1, 0], [0, 1]]])
def test_a_broken_calibration_is_refused_or_the_next_kind_is_taken_and_it_is_said(
    broken: object, output: dict[str, bytes]
) -> None:
    files = _calibrated(output, **{"percentile_score.json": broken, "calibration_model.json": ONE})

    _refused(files)
    scorer = _tolerated(files)
    assert scorer.score(RECORD).calibrated.tolist() == [[0.75, 0.25]]
    assert len(scorer.degradations) == 1
    assert scorer.degradations[0].startswith("calibration/percentile_score")


def test_a_broken_calibration_is_refused_although_another_kind_comes_before_it(
    output: dict[str, bytes],
) -> None:
    files = _calibrated(output, **{"percentile_score.json": HALF, "calibration_model.json": [[1, 0], [0, 1]]})

    assert str(_refused(files)).startswith(
        "calibration/calibration_model.json, knot 1: expected raw scores in rising"
    )


def test_scores_stay_raw_where_no_calibration_is_left_and_it_is_said(output: dict[str, bytes]) -> None:
    scorer = _tolerated(_calibrated(output, **{"calibration_model.json": [[0, 0]]}))

    assert scorer.calibrator is None
    assert scorer.score(RECORD).calibrated.tolist() == scorer.score(RECORD).raw.tolist()
    assert len(scorer.degradations) == 1


def test_per_class_tables_are_named_by_category_and_else_by_index(output: dict[str, bytes]) -> None:
    hyperparameters = json.loads(output["hyperparameters.json"]) | {"multiclass_categories": ["no", "yes"]}
    base = output | {"hyperparameters.json": json.dumps(hyperparameters).encode()}
    stem = "calibration_models__calibration_model_class_"
    for names in (("no", "yes"), ("0", "1")):
        tables = {f"{stem}{names[0]}.json": [[0, 0.2], [1, 0.2]], f"{stem}{names[1]}.json": HALF}

        scorer = scorer_of(read_files(MemoryFiles(_calibrated(base, **tables))))

        assert scorer.score(RECORD).calibrated[0].tolist() == pytest.approx([2 / 7, 5 / 7])


def test_a_per_class_table_of_no_class_is_damage(output: dict[str, bytes]) -> None:
    error = _refused(_calibrated(output, **{"calibration_models__calibration_model_class_7.json": HALF}))

    assert str(error) == (
        'calibration/calibration_models: expected tables of the classes 0, 1, found one of "7"; '
        "write the table again with the training that made it"
    )


@pytest.mark.parametrize("model", [b"no booster", b"{}", b"binf", b"{L\x00"])
def test_a_model_that_is_no_booster_is_damage(model: bytes, output: dict[str, bytes]) -> None:
    error = _refused(output | {"xgboost_model.bst": model})

    assert str(error).startswith("xgboost_model.bst")


def test_an_empty_model_file_is_damage_and_ends_no_process(output: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in (output | {"xgboost_model.bst": b""}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    # in a process of its own, because the library ends the process that hands it an empty buffer
    script = (
        "import sys, servable\n"
        "try: servable.load(sys.argv[1])\n"
        "except servable.Damaged as error: print(error)\n"
    )

    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )

    assert "xgboost_model.bst: expected a booster that XGBoost saved as UBJSON or JSON" in process.stdout


@pytest.mark.parametrize("names", [("age", "income", "region"), ("age", "income", "region", "code", "more")])
def test_a_model_of_another_number_of_features_is_damage(
    names: tuple[str, ...], output: dict[str, bytes]
) -> None:
    columns = {"feature_columns.txt": format_feature_columns(names)}
    files = {name: data for name, data in (output | columns).items() if name != "profile.json"}

    error = _refused(files)

    assert "4" in str(error)


def test_another_layout_is_refused_by_its_files() -> None:
    with pytest.raises(BadInput) as caught:
        read_files(MemoryFiles({"readme.md": b""}))

    assert caught.value.code == "artifact.layout"
    assert str(caught.value) == (
        "layout: expected manifest.json (packed), xgboost_model.bst or lightgbm_model.txt with "
        "feature_columns.txt (output with trees), model.pth with model_artifacts.pth (network output), "
        "config.json with its weights (a classifier of Hugging Face), or a booster alone, found readme.md; "
        "name the folder or archive that training or `servable pack` wrote"
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            b"{",
            None,
        ),
        (
            b'{"tab_field_list": []}',
            'hyperparameters.json: expected "cat_field_list", a list of names, found none; '
            "write the file again with the training that made it",
        ),
        (
            b'{"tab_field_list": [1], "cat_field_list": []}',
            'hyperparameters.json: expected "tab_field_list", a list of names, found something else; '
            "write the file again with the training that made it",
        ),
    ],
)
def test_broken_hyperparameters_are_refused_or_left_out_and_it_is_said(
    change: bytes, sentence: str | None, output: dict[str, bytes]
) -> None:
    files = output | {"hyperparameters.json": change}

    error = _refused(files)

    assert sentence is None or str(error) == sentence
    assert _tolerated(files).degradations == (str(error),)


@pytest.mark.parametrize("missing", ["golden/requests.ndjson", "golden/answers.ndjson"])
def test_half_of_the_golden_records_is_damage(missing: str, output: dict[str, bytes]) -> None:
    _refused(_without(output, missing))


def test_golden_files_of_different_length_are_damage(output: dict[str, bytes]) -> None:
    answers = output["golden/answers.ndjson"]
    lines = answers.count(b"\n")

    error = _refused(output | {"golden/answers.ndjson": answers[: answers.rindex(b"\n", 0, -1) + 1]})

    assert str(error) == (
        f"golden/answers.ndjson: expected an answer for each of {lines} requests, found {lines - 1}; "
        "pack the artifact again"
    )


def test_the_digest_of_an_output_changes_with_any_of_its_files(output: dict[str, bytes]) -> None:
    digests = {
        read_files(
            MemoryFiles(output | {"feature_columns.txt": output["feature_columns.txt"] + extra})
        ).digest
        for extra in (b"", b"# x\n", b"\n")
    }

    assert len(digests) == 3
