"""`generate`: the verb's way to the script's samples, with the errors of the family."""

import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import servable.payload
from fixtures_models import contents
from servable.codecs import decode_request
from servable.errors import BadInput, Damaged, NotFound, ServableError
from servable.payload import ArchiveLayout, PayloadFile, PayloadSummary, Places, generate, script
from servable.schema import Field, Kind, Schema

FIELDS = {
    "tab_field_list": ["amount", "days"],
    "cat_field_list": ["region"],
    "text_name": "dialogue",
    "id_name": "order_id",
}
BOTH = ("application/json", "text/csv")


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A directory with what names the fields; the CSV has another order and the id in front."""
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "hyperparameters.json").write_text(json.dumps(FIELDS))
    (folder / "feature_columns.txt").write_text("0,order_id\n1,region\n2,days\n3,amount\n4,dialogue\n")
    return folder


def archived(folder: Path) -> Path:
    archive = folder.with_name("model.tar.gz")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, arcname=".")
    return archive


def samples(archive: Path) -> dict[str, str]:
    with tarfile.open(archive, "r:gz") as tar:
        return {member.name: stream.read().decode() for member in tar if (stream := tar.extractfile(member))}


def test_every_name_that_the_room_exports_is_there() -> None:
    assert all(hasattr(servable.payload, name) for name in servable.payload.__all__)


@pytest.mark.parametrize("form", [archived, lambda folder: folder], ids=["archive", "directory"])
def test_the_output_is_the_archive_itself_with_a_sample_per_content_type(
    artifact: Path, tmp_path: Path, form: Callable[[Path], Path]
) -> None:
    output = tmp_path / "new" / "requests.tgz"

    summary = generate(
        form(artifact),
        output,
        content_types=BOTH,
        default_numeric_value=2,
        default_text_value="t",
        field_defaults={"days": "7", "order_id": "A-1"},
        special_fields={"dialogue": "at {timestamp}"},
        timestamp="noon",
    )

    assert samples(output) == {
        "payload_application_json_0.json": (
            '{"amount": "2", "days": "7.0", "region": "t", "dialogue": "at noon"}'
        ),
        "payload_text_csv_0.csv": "A-1,t,7.0,2,at noon",
    }
    assert summary == PayloadSummary(
        archives=(output,),
        archive_bytes=output.stat().st_size,
        files=(
            PayloadFile(
                name="payload_application_json_0.json",
                content_type="application/json",
                case="default",
                records=1,
            ),
            PayloadFile(name="payload_text_csv_0.csv", content_type="text/csv", case="default", records=1),
        ),
        content_types=BOTH,
        fields=("amount", "days", "region", "dialogue"),
        csv_columns=("order_id", "region", "days", "amount", "dialogue"),
    )
    assert [path.name for path in output.parent.iterdir()] == ["requests.tgz"]


def test_with_the_placeholder_of_the_script_the_archive_is_the_script_s_byte_for_byte(
    artifact: Path, tmp_path: Path
) -> None:
    environ = {"CONTENT_TYPES": ",".join(BOTH), "WORKING_DIRECTORY": str(tmp_path / "work")}
    by_script = script.main({"model_input": str(artifact)}, {"output_dir": str(tmp_path / "a")}, environ)

    generate(artifact, tmp_path / "b.tar.gz", content_types=BOTH, default_text_value="DEFAULT_TEXT")

    assert (tmp_path / "b.tar.gz").read_bytes() == Path(by_script).read_bytes()


def test_the_schema_reads_the_same_record_from_either_sample(tmp_path: Path) -> None:
    schema = Schema(
        fields=(
            Field("region", Kind.CATEGORICAL),
            Field("amount", Kind.NUMERIC),
            Field("note", Kind.CATEGORICAL),
        ),
        classes=("0", "1"),
        id_name="order_id",
        label_name="fraud",
        csv_columns=("order_id", "note", "amount", "region"),
    )
    lists = {"tab_field_list": schema.names(Kind.NUMERIC), "cat_field_list": schema.names(Kind.CATEGORICAL)}
    columns = {"schema": {"csv_columns": schema.csv_columns}}
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    (artifact / "hyperparameters.json").write_text(json.dumps(lists))
    (artifact / "manifest.json").write_text(json.dumps(columns))
    own = {"region": "north", "amount": "12.5", "note": 'said "no", twice'}

    generate(artifact, tmp_path / "payload.tar.gz", content_types=BOTH, field_defaults=own)

    for body, content_type in zip(samples(tmp_path / "payload.tar.gz").values(), BOTH, strict=True):
        records = schema.bind(decode_request(body.encode(), content_type))
        assert {name: column.tolist() for name, column in records.columns.items()} == {
            "region": ["north"],
            "amount": [12.5],
            "note": ['said "no", twice'],
        }


def _write(name: str, text: str | None) -> Callable[[Path], Path]:
    def change(artifact: Path) -> Path:
        path = artifact / name
        path.unlink() if text is None else path.write_text(text)
        return artifact

    return change


def _not_a_model(artifact: Path) -> Path:
    path = artifact.with_name("model.zip")
    path.write_bytes(b"PK\x03\x04")
    return path


def _without_hyperparameters(artifact: Path) -> Path:
    return archived(_write("hyperparameters.json", None)(artifact))


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (
            lambda artifact: artifact / "nothing",
            (NotFound, "payload.not-found"),
            "expected an artifact: a .tar.gz or a directory, found nothing; check the path",
        ),
        (
            _write("hyperparameters.json", None),
            (NotFound, "payload.hyperparameters-missing"),
            "found only feature_columns.txt (47 bytes); pack the model with this file at its root",
        ),
        (
            _without_hyperparameters,
            (NotFound, "payload.hyperparameters-missing"),
            "found none there; pack the model with this file at its root",
        ),
        (_not_a_model, (Damaged, "payload.archive"), "model.zip: expected a gzip-compressed tar, found "),
        (
            _write("hyperparameters.json", "{bad"),
            (Damaged, "payload.hyperparameters"),
            "hyperparameters.json: expected a JSON object, found something else (",
        ),
        (
            _write("hyperparameters.json", "[1]"),
            (Damaged, "payload.hyperparameters"),
            "hyperparameters.json: expected a JSON object, found a JSON value of type list; write the file",
        ),
        (
            _write("hyperparameters.json", '{"eta": 0.1}'),
            (Damaged, "payload.no-fields"),
            "expected fields in tab_field_list, cat_field_list or text_name, beside the label and the id, "
            "found none among its keys ['eta']; write the lists",
        ),
        (
            _write("hyperparameters.json", '{"tab_field_list": {"amount": 1}}'),
            (Damaged, "payload.field-list"),
            "hyperparameters.json: tab_field_list: expected a list of names, found {'amount': 1}; ",
        ),
        (
            _write("feature_columns.txt", "amount\n"),
            (Damaged, "payload.feature-columns"),
            "feature_columns.txt: expected lines of the form <index>,<name>, at least one, in UTF-8, "
            "found line 1, 'amount'; ",
        ),
    ],
)
def test_an_artifact_that_cannot_be_used_is_one_sentence_and_nothing_is_written(
    artifact: Path,
    tmp_path: Path,
    change: Callable[[Path], Path],
    error: tuple[type[ServableError], str],
    sentence: str,
) -> None:
    kind, code = error

    with pytest.raises(kind) as caught:
        generate(change(artifact), tmp_path / "out" / "payload.tar.gz")

    assert caught.value.code == code
    assert sentence in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ({"content_types": ()}, "payload.content-type", "at least one of application/json, text/csv, "),
        (
            {"content_types": ("text/xml",)},
            "payload.content-type",
            "Unsupported content type: expected one of application/json, text/csv, ",
        ),
        (
            {"default_numeric_value": float("nan")},
            "payload.default-number",
            "expected a finite number, found nan",
        ),
        (
            {"field_defaults": {"amonut": "1", "dsay": "2", "days": "3"}},
            "payload.unknown-field",
            "one of amount, days, region, dialogue, order_id, found 'amonut'; "
            "correct the name (and 1 more problem)",
        ),
        (
            {"special_fields": {"amount": "1"}},
            "payload.special-field",
            "the special field amount: expected the name of a TEXT field, one of ",
        ),
        (
            {"field_defaults": {"amount": "many"}},
            "payload.field-default",
            "the default of field 'amount': expected a finite number, because the field is NUMERIC, "
            "found 'many'",
        ),
        (
            {"special_fields": {"region": "{{timestamp}}"}},
            "payload.placeholder",
            "Invalid placeholder in template for field 'region': expected no braces but those of "
            "{timestamp}, found '{{timestamp}}'; correct this setting",
        ),
    ],
)
def test_an_argument_that_cannot_be_used_is_one_sentence_and_leaves_the_former_archive(
    artifact: Path, tmp_path: Path, arguments: Mapping[str, object], code: str, sentence: str
) -> None:
    output = tmp_path / "payload.tar.gz"
    output.write_bytes(b"former")

    with pytest.raises(BadInput) as caught:
        generate(artifact, output, **arguments)  # type: ignore[arg-type]

    assert caught.value.code == code
    assert sentence in str(caught.value)
    assert output.read_bytes() == b"former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifact", "payload.tar.gz"]


def test_an_output_that_cannot_be_written_is_one_sentence(artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(
        BadInput, match="expected a file or directory that can be read and written here"
    ) as caught:
        generate(artifact, tmp_path / "file" / "payload.tar.gz")

    assert caught.value.code == "payload.file"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifact", "file"]


@pytest.mark.parametrize(
    ("output", "layout", "found"),
    [
        ("z.tar.gz", ArchiveLayout.PER_CONTENT_TYPE, "found the input "),
        ("z_application_json.tar.gz", ArchiveLayout.ONE, "found the input "),
        ("folder.tgz", ArchiveLayout.ONE, "found a folder; "),
        ("z.zip", ArchiveLayout.ONE, "expected a name that ends in .tar.gz or .tgz, found another; "),
        ("", ArchiveLayout.ONE, "expected a name that ends in .tar.gz or .tgz, found another; "),
    ],
)
def test_an_output_that_is_something_else_is_refused(
    output: str, layout: ArchiveLayout, found: str, artifact: Path, tmp_path: Path
) -> None:
    model = archived(artifact).rename(tmp_path / "z_application_json.tar.gz")
    (tmp_path / "folder.tgz").mkdir()
    before = contents(tmp_path)

    with pytest.raises(BadInput) as caught:
        generate(model, tmp_path / output, layout=layout)

    assert caught.value.code == "payload.target"
    assert found in str(caught.value)
    assert contents(tmp_path) == before


def test_nothing_is_written_into_an_artifact_that_is_a_folder(artifact: Path) -> None:
    with pytest.raises(BadInput, match="found the input "):
        generate(artifact, artifact / "new" / "payload.tar.gz")


def test_golden_answers_are_named_after_their_archive_where_there_may_be_several(tmp_path: Path) -> None:
    one, several = (
        Places.of(tmp_path / "p.tgz", content_types=[*BOTH, " text/csv "], layout=layout)
        for layout in ArchiveLayout
    )

    assert [path.name for path in one.archives] == ["p.tgz"]
    assert [one.golden_of(path).name for path in one.archives] == ["golden.tar.gz"]
    assert [path.name for path in several.archives] == ["p_application_json.tgz", "p_text_csv.tgz"]
    assert [several.golden_of(path).name for path in several.archives] == [
        "golden_p_application_json.tgz",
        "golden_p_text_csv.tgz",
    ]
