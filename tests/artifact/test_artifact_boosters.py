"""Reading boosters: every layout, what belongs together, and a booster that stands alone."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import servable
from servable.artifact import MemoryFiles, OnDamage, format_feature_columns, read_artifact, read_files
from servable.cli.inspect import command as inspect_command
from servable.cli.pack import command as pack_command
from servable.cli.predict import command as predict_command
from servable.errors import BadInput, Damaged, NotFound
from servable.pack import pack
from servable.schema import Kind
from servable.scorer import Scorer, scorer_of
from tiny_boosters import (
    COLUMNS,
    REGIONS,
    lightgbm_model,
    native_output,
    output_of,
    settings_of,
    xgboost_model,
)

RECORD = {"age": 1.0, "income": None, "balance": 0.0, "region": "east"}
NUMBERS = {"age": 1.0, "income": None, "balance": 0.0, "region": 2}
XGBOOST = "xgboost_model.bst"


def _scorer(files: dict[str, bytes], *, on_damage: OnDamage = OnDamage.REFUSE) -> Scorer:
    return scorer_of(read_files(MemoryFiles(files), on_damage=on_damage), on_damage=on_damage)


def _refusal(files: dict[str, bytes]) -> str:
    with pytest.raises(Damaged) as caught:
        _scorer(files)
    return str(caught.value)


def _xgboost(**others: object) -> dict[str, bytes]:
    return output_of(XGBOOST, xgboost_model(names=COLUMNS), **others)


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("xgboost_model.bst", "ubj"),
        ("xgboost_model.bst", "json"),
        ("xgboost_model.ubj", "ubj"),
        ("xgboost_model.json", "json"),
    ],
)
def test_an_xgboost_model_is_read_under_each_of_its_names(file: str, form: str) -> None:
    expected = _scorer(_xgboost()).score(RECORD).raw

    scorer = _scorer(output_of(file, xgboost_model(names=COLUMNS, form=form)))

    assert (scorer.artifact.family, scorer.artifact.engine.file) == ("xgboost", file)
    assert scorer.score(RECORD).raw.tolist() == expected.tolist()
    assert (scorer.degradations, scorer.artifact.remarks) == ((), ())


def test_of_two_models_the_first_name_is_read_and_the_other_remarked() -> None:
    artifact = read_files(MemoryFiles(_xgboost(xgboost_model__json=xgboost_model(form="json"))))

    assert artifact.engine.file == XGBOOST
    assert artifact.remarks == ("xgboost_model.json is not read, because xgboost_model.bst is there",)


def test_a_lightgbm_model_is_read_with_risk_tables() -> None:
    model = lightgbm_model(names=COLUMNS, codes=())

    scorer = _scorer(output_of("lightgbm_model.txt", model))

    artifact = scorer.artifact
    assert (artifact.family, artifact.engine.score_dtype) == ("lightgbm", "float64")
    assert [field.kind for field in artifact.schema.fields] == [Kind.NUMERIC] * 3 + [Kind.CATEGORICAL]
    known, number = scorer.score(RECORD).raw, scorer.preprocessor.apply(scorer.schema.bind(_table(RECORD)))
    assert number.tabular.tolist() == [[1.0, -0.25, 0.0, 0.5]]
    assert known.dtype == np.float64


def _table(*records: dict[str, object]) -> Any:
    return servable.scorer.to_table(list(records))


def test_categories_that_lightgbm_reads_itself_become_their_codes_and_else_minus_one() -> None:
    scorer = _scorer(native_output())

    regions = ["north", "east", "7", 7, "nobody's", None]
    records = scorer.schema.bind(_table(*(RECORD | {"region": region} for region in regions)))

    codes = scorer.preprocessor.apply(records).tabular[:, 3]
    assert codes.tolist() == [0, 2, 3, 3, -1, -1]
    assert (scorer.degradations, scorer.artifact.remarks) == ((), ())


def test_codes_are_read_from_a_pickle_too() -> None:
    pickled = native_output(categorical_mappings__pkl=pickle.dumps({"region": REGIONS}))

    both = _scorer(pickled)
    del pickled["categorical_mappings.json"]

    assert _scorer(pickled).artifact.risk_tables == both.artifact.risk_tables
    assert both.artifact.risk_tables["region"].bins == REGIONS


@pytest.mark.parametrize(
    ("output", "name", "stem"),
    [
        (_xgboost, "an XGBoost", "risk_table_map"),
        (_xgboost, "an XGBoost", "impute_dict"),
        (native_output, "a LightGBM", "impute_dict"),
        (native_output, "a LightGBM", "categorical_mappings"),
    ],
)
def test_a_table_that_a_booster_needs_is_refused_by_its_name_when_it_is_missing(
    output: Callable[..., dict[str, bytes]], name: str, stem: str
) -> None:
    files = output(**{f"{stem}__json": None})

    assert _refusal(files) == (
        f"{stem}.json: expected {stem}.json or {stem}.pkl beside {name} model, found neither; copy it from "
        "the training output, or pass `--on-damage warn` to go on without"
    )


def test_missing_columns_are_refused_and_tolerated_where_the_model_knows_its_own() -> None:
    sentence = (
        "feature_columns.txt: expected the columns of the model beside an XGBoost model, found no such "
        "file; copy it from the training output, or pass `--on-damage warn` to go on without"
    )
    named = _xgboost(feature_columns__txt=None)

    assert _refusal(named) == sentence
    tolerated = _scorer(named, on_damage=OnDamage.WARN)
    assert tolerated.degradations == (sentence,)
    assert tolerated.score(RECORD).raw.tolist() == _scorer(_xgboost()).score(RECORD).raw.tolist()
    unnamed = output_of(XGBOOST, xgboost_model(), feature_columns__txt=None)
    with pytest.raises(Damaged):
        _scorer(unnamed, on_damage=OnDamage.WARN)


@pytest.mark.parametrize("model", ["xgboost", "lightgbm"])
def test_columns_in_another_order_than_the_model_names_them_are_refused(model: str) -> None:
    columns = format_feature_columns(("income", "age", "balance", "region"))
    trained = xgboost_model if model == "xgboost" else lightgbm_model
    file = XGBOOST if model == "xgboost" else "lightgbm_model.txt"
    settings = {"codes": ()} if model == "lightgbm" else {}

    files = output_of(file, trained(names=COLUMNS, **settings), feature_columns__txt=columns)

    assert _refusal(files) == (
        f'feature_columns.txt, column 0: expected "age", as {file} names it, found "income"; '
        "use the files of one and the same training run"
    )
    assert _scorer(files, on_damage=OnDamage.WARN).schema.names()[0] == "income"


def test_a_blank_in_a_name_is_the_underscore_that_lightgbm_writes() -> None:
    columns = ("age", "net income", "balance", "region")
    model = lightgbm_model(names=("age", "net_income", "balance", "region"), codes=())
    settings = settings_of(tab_field_list=["age", "net income", "balance"])

    files = output_of(
        "lightgbm_model.txt",
        model,
        feature_columns__txt=format_feature_columns(columns),
        hyperparameters__json=settings,
    )

    assert _scorer(files).schema.names() == columns


def test_the_settings_of_another_model_are_refused() -> None:
    settings = settings_of(tab_field_list=["net_amt", "ttm_count"], cat_field_list=["queue"])

    assert _refusal(_xgboost(hyperparameters__json=settings)) == (
        'hyperparameters.json: expected the field "age" of feature_columns.txt in a list of fields, found '
        "none; write the file again with the training that made it"
    )


def test_another_number_of_classes_than_the_model_has_is_refused() -> None:
    settings = settings_of(multiclass_categories=["a", "b", "c"], num_classes=3)

    assert "expected 3 classes, as the artifact lists, found 2" in _refusal(
        _xgboost(hyperparameters__json=settings)
    )


def test_without_settings_the_classes_are_those_of_the_model() -> None:
    model = lightgbm_model("multiclass", classes=3, codes=())

    artifact = read_files(MemoryFiles(output_of("lightgbm_model.txt", model, hyperparameters__json=None)))

    assert artifact.schema.classes == ("0", "1", "2")


def test_what_is_sound_and_yet_odd_is_remarked() -> None:
    settings = settings_of(
        tab_field_list=["age", "income", "balance", "height"], cat_field_list=["region", "age"]
    )
    tables = {name: {"bins": {"north": 0.5}, "default_bin": 0.25} for name in ("region", "country")}
    files = _xgboost(
        hyperparameters__json=settings,
        risk_table_map__json=tables,
        impute_dict__json={"age": 1, "height": 2},
    )

    scorer = _scorer(files)

    assert scorer.artifact.remarks == (
        '"country": its table has no effect, because the model does not read it',
        '"height": its imputation value has no effect, because the model does not read it',
        '"age": listed as a category and without a table, so it is read as a number',
        '"height": listed as a field, and the model does not read it',
    )
    assert scorer.degradations == ()
    assert set(scorer.artifact.risk_tables) == {"region"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"categorical_mappings__json": {"region": {"north": -1}}},
            'categorical_mappings, field "region": expected a whole number from 0 for each category, found '
            "something else",
        ),
        (
            {"categorical_mappings__json": {"region": {"north": 0.5}}},
            'categorical_mappings, field "region": expected a whole number',
        ),
        ({"categorical_mappings__json": {"region": [0]}}, 'categorical_mappings, field "region": expected'),
        (
            {"categorical_mappings__json": {}},
            'categorical_mappings: expected the codes of the category "region", found none',
        ),
        ({"categorical_config__json": b"[]"}, "categorical_config.json: expected an object, found something"),
        ({"categorical_config__json": b"{"}, "categorical_config.json, line 1"),
        (
            {
                "categorical_config__json": {"use_native_categorical": False},
                "risk_table_map__json": {},
            },
            'categorical_mappings.json: expected the codes of "region", a category in lightgbm_model.txt',
        ),
    ],
)
def test_codes_that_do_not_fit_the_model_are_refused(change: dict[str, object], sentence: str) -> None:
    assert _refusal(native_output(**change)).startswith(sentence)


BROKEN = [
    ("impute_dict.json", {"age": "x"}, 'impute_dict, field "age": expected a number'),
    ("risk_table_map.json", {"region": 7}, 'risk_table_map, field "region": expected an object'),
    ("golden/requests.ndjson", b"{}\n", "golden/answers.ndjson: expected both files of the golden set"),
    ("training.json", b"{", "training.json, line 1, column 2: expected valid JSON"),
    ("training.json", [], "training.json: expected what training writes"),
]


@pytest.mark.parametrize(("file", "content", "sentence"), BROKEN)
def test_a_broken_file_beside_a_booster_is_refused_by_its_name_and_else_as_if_absent(
    file: str, content: object, sentence: str
) -> None:
    files = _xgboost(**{file.replace(".", "__"): content})

    assert _refusal(files).startswith(sentence)
    tolerated = _scorer(files, on_damage=OnDamage.WARN)
    absent = _scorer({name: data for name, data in files.items() if name != file}, on_damage=OnDamage.WARN)
    assert [sentence in line for line in tolerated.degradations] == [True]
    assert tolerated.schema == absent.schema
    assert tolerated.score(NUMBERS).raw.tolist() == absent.score(NUMBERS).raw.tolist()
    assert file not in tolerated.artifact.files or file.endswith(("_map.json", "_dict.json"))


def test_broken_codes_of_categories_are_tolerated_as_if_there_were_none() -> None:
    files = native_output(categorical_mappings__json={"region": {"north": -1}})

    artifact = read_files(MemoryFiles(files), on_damage=OnDamage.WARN)

    assert artifact.risk_tables == {}
    assert artifact.degradations[0].startswith('categorical_mappings, field "region": expected')


def test_nothing_is_remarked_of_twenty_thousand_columns_that_the_model_does_not_read() -> None:
    names = [f"c{number}" for number in range(20_000)]
    files = _xgboost(
        feature_columns__txt=format_feature_columns(tuple(names)),
        hyperparameters__json=settings_of(cat_field_list=names),
    )

    assert read_files(MemoryFiles(files), on_damage=OnDamage.WARN).remarks == ()
    assert "expected 20000 features, as the artifact lists, found 4" in _refusal(files)


def test_fields_that_are_no_names_are_passed_over() -> None:
    settings = settings_of(full_field_list=[["age"], {"x": 1}])

    assert _scorer(_xgboost(hyperparameters__json=settings)).artifact.remarks == ()


@pytest.mark.parametrize("ending", [".bst", ".ubj", ".model"])
def test_a_model_file_alone_is_an_artifact_of_numbers(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"fraud{ending}"
    path.write_bytes(xgboost_model(names=COLUMNS))

    scorer = servable.load(path)

    artifact = scorer.artifact
    assert (artifact.name, artifact.family, artifact.schema.classes) == ("fraud", "xgboost", ("0", "1"))
    assert [field.kind for field in artifact.schema.fields] == [Kind.NUMERIC] * 4
    assert artifact.schema.names() == artifact.schema.csv_columns == COLUMNS
    assert artifact.remarks == (
        f"fraud{ending} stands alone: every field is read as a number, and nothing is calibrated",
    )
    inputs = scorer.preprocessor.apply(scorer.schema.bind(_table(NUMBERS))).tabular
    assert np.isnan(inputs).tolist() == [[False, True, False, False]]


def test_a_folder_with_nothing_but_a_model_is_the_model(tmp_path: Path) -> None:
    for name, files in (
        ("named", {"booster.json": xgboost_model(names=COLUMNS, form="json")}),
        ("usual", {XGBOOST: xgboost_model(names=COLUMNS)}),
        ("listed", {"booster.bst": xgboost_model(), "feature_columns.txt": format_feature_columns(COLUMNS)}),
    ):
        (tmp_path / name).mkdir()
        for file, data in files.items():
            (tmp_path / name / file).write_bytes(data)

        assert servable.load(tmp_path / name).schema.names() == COLUMNS


def test_a_category_that_a_lone_lightgbm_model_reads_is_remarked(tmp_path: Path) -> None:
    path = tmp_path / "booster.txt"
    path.write_bytes(lightgbm_model("multiclass", classes=3, names=COLUMNS))

    artifact = read_artifact(path)

    assert artifact.schema.classes == ("0", "1", "2")
    assert artifact.remarks[1:] == (
        '"region": a category in booster.txt, so its number is the code that training gave it',
    )


@pytest.mark.parametrize(
    "text", ["age\nincome\n\n# the last\nbalance\nregion\n", "0,age\n1,income\n2,balance\n3,region"]
)
@pytest.mark.parametrize("file", ["booster.ubj", XGBOOST])
def test_the_columns_of_a_model_without_names_are_listed_in_a_file(
    file: str, text: str, tmp_path: Path
) -> None:
    model, columns = tmp_path / file, tmp_path / "columns.txt"
    model.write_bytes(xgboost_model())
    columns.write_text(text)

    scorer = servable.load(model, columns=columns)

    named = tmp_path / "named.ubj"
    named.write_bytes(xgboost_model(names=COLUMNS))
    assert (scorer.artifact.name, scorer.artifact.engine.file) == (model.stem, file)
    assert scorer.schema.names() == COLUMNS
    assert scorer.score(NUMBERS).raw.tolist() == servable.load(named).score(NUMBERS).raw.tolist()


def test_a_model_without_names_asks_for_a_list_of_them(tmp_path: Path) -> None:
    path = tmp_path / "booster.ubj"
    path.write_bytes(xgboost_model())

    with pytest.raises(BadInput) as caught:
        servable.load(path)

    assert str(caught.value) == (
        f"{path}: expected names of its 4 columns, found neither a list of them nor names in the model; "
        "pass `--columns FILE` with one name a line to `servable pack` or `servable inspect`"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "age\nbalance\nincome\nregion\n",
            'booster.ubj, --columns, column 1: expected "income", as booster.ubj names it, found "balance"',
        ),
        ("age\nincome\n", "expected 2 features, as the artifact lists, found 4"),
    ],
)
def test_a_list_that_contradicts_the_model_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    model, columns = tmp_path / "booster.ubj", tmp_path / "columns.txt"
    model.write_bytes(xgboost_model(names=COLUMNS))
    columns.write_text(text)

    with pytest.raises(Damaged, match=sentence):
        servable.load(model, columns=columns)


@pytest.mark.parametrize(
    "text", [b"", b"# none\n", b"age\nage\n", b"0,\n", b"first, second\nthird\n", b"\xff\n"]
)
def test_a_list_of_another_form_is_refused(text: bytes, tmp_path: Path) -> None:
    model, columns = tmp_path / "booster.ubj", tmp_path / "columns.txt"
    model.write_bytes(xgboost_model())
    columns.write_bytes(text)

    with pytest.raises(BadInput) as caught:
        servable.load(model, columns=columns)

    assert caught.value.code == "artifact.columns"
    assert str(caught.value).startswith(str(columns))


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "booster.ubj").write_bytes(xgboost_model())

    with pytest.raises(NotFound, match=r"no\.txt: expected a list of columns"):
        servable.load(tmp_path / "booster.ubj", columns=tmp_path / "no.txt")


def test_a_list_beside_a_training_output_is_refused(tmp_path: Path) -> None:
    folder, columns = tmp_path / "trained", tmp_path / "columns.txt"
    folder.mkdir()
    for name, data in _xgboost().items():
        (folder / name).write_bytes(data)
    columns.write_text("age\n")

    with pytest.raises(
        BadInput, match="expected one file with a booster, to which a list of columns belongs"
    ):
        servable.load(folder, columns=columns)


def test_the_commands_take_a_list_of_columns(tmp_path: Path) -> None:
    model, columns, packed = tmp_path / "booster.ubj", tmp_path / "columns.txt", tmp_path / "model.tar.gz"
    model.write_bytes(xgboost_model())
    columns.write_text("\n".join(COLUMNS))

    shown = CliRunner().invoke(inspect_command, [str(model), "--columns", str(columns), "--json"])
    done = CliRunner().invoke(pack_command, [str(model), "--columns", str(columns), "-o", str(packed)])

    table = tmp_path / "rows.csv"
    table.write_text(f"{','.join(COLUMNS)}\n{','.join('1' for _ in COLUMNS)}\n")
    scored = CliRunner().invoke(predict_command, [str(model), str(table), "--columns", str(columns)])

    assert (shown.exit_code, done.exit_code, scored.exit_code) == (0, 0, 0)
    assert scored.stdout.startswith("raw_0,raw_1,")
    assert [field["name"] for field in json.loads(shown.stdout)["fields"]] == list(COLUMNS)
    assert servable.load(packed).schema.names() == COLUMNS


def test_the_list_of_columns_is_part_of_what_is_packed(tmp_path: Path) -> None:
    model = tmp_path / "booster.ubj"
    model.write_bytes(xgboost_model())
    digests = set()
    for number, names in enumerate((COLUMNS, COLUMNS[::-1])):
        columns = tmp_path / f"{number}.txt"
        columns.write_text("\n".join(names))
        digests.add(read_artifact(model, columns=columns).digest)
        pack(model, tmp_path / f"{number}.tar.gz", columns=columns)

    assert len(digests) == 2


def test_a_column_that_a_lone_model_has_twice_is_refused_whatever_the_damage(tmp_path: Path) -> None:
    named = json.loads(xgboost_model(names=COLUMNS, form="json"))
    named["learner"]["feature_names"][1] = "age"
    for where, files in (
        (
            "feature_columns.txt",
            {"f.ubj": xgboost_model(), "feature_columns.txt": b"0,age\n1,age\n2,x\n3,y\n"},
        ),
        ("f.json", {"f.json": json.dumps(named).encode()}),
    ):
        with pytest.raises(Damaged) as caught:
            _scorer(files, on_damage=OnDamage.WARN)
        assert str(caught.value) == (
            f"{where}: expected each column once, found 'age' again; give each column a name of its own"
        )


def test_an_error_of_a_model_file_says_its_path_once(tmp_path: Path) -> None:
    path = tmp_path / "f.ubj"
    path.write_bytes(b"{}")

    with pytest.raises(Damaged) as caught:
        servable.load(path)

    assert str(caught.value).startswith(f'{path}: expected "learner", found none')


@pytest.mark.parametrize(("file", "data"), [("empty.bst", b""), ("broken.ubj", b"{L"), ("x.model", b"text")])
def test_a_model_file_that_holds_none_is_refused_by_its_name(file: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(data)

    with pytest.raises(Damaged, match=file):
        servable.load(tmp_path / file)


@pytest.mark.parametrize("file", ["settings.json", "readme.txt"])
def test_a_file_of_another_sort_is_no_artifact(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("{}")

    with pytest.raises(BadInput) as caught:
        servable.load(tmp_path / file)

    assert caught.value.code == "artifact.layout"
