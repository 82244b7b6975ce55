"""`payload` refuses what makes no samples, in one sentence, and writes nothing."""

import json
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bad_input_cases import refusal

from fixtures_models import contents, run, run_well

FIELDS = {"tab_field_list": ["amount"], "cat_field_list": ["region", "Plan"], "id_name": "id"}
SUPPORTED = (
    "application/json, text/csv, text/csv; header=present, application/x-ndjson, application/jsonlines, "
    "application/x-parquet"
)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    """A folder with a model that is known by its lists of fields alone."""
    (tmp_path / "model").mkdir()
    write(tmp_path)
    return tmp_path


def write(workdir: Path, **changes: Any) -> None:
    (workdir / "model" / "hyperparameters.json").write_text(json.dumps(FIELDS | changes))


def said(workdir: Path, *options: str) -> str:
    """The sentence of a refusal that leaves its folder as it was; only warnings stand before it."""
    *warnings, sentence = refusal(
        "payload", "model", "-o", "payload.tar.gz", *options, cwd=workdir
    ).splitlines()
    assert sentence.startswith("error: ")
    assert all(line.startswith("WARNING: ") for line in warnings)
    return sentence.removeprefix("error: ")


def test_hyperparameters_that_are_nowhere_are_said_with_the_places_and_what_lies_there(workdir: Path) -> None:
    (workdir / "model" / "hyperparameters.json").rename(workdir / "model" / "other.json")

    sentence = said(workdir)

    assert sentence.startswith(
        "hyperparameters.json not found in model artifacts: expected it at the root of "
    )
    for place in ("the archive model/model.tar.gz", "a directory of that name", "model itself", "below it"):
        assert place in sentence
    assert "found only other.json (" in sentence


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"null", b"\xff", b"7"])
def test_hyperparameters_that_are_no_json_object_are_refused(data: bytes, workdir: Path) -> None:
    (workdir / "model" / "hyperparameters.json").write_bytes(data)

    assert said(workdir).startswith("model: hyperparameters.json: expected a JSON object, found ")


@pytest.mark.parametrize(
    "changes",
    [
        {"tab_field_list": [], "cat_field_list": []},
        {"tab_field_list": None, "cat_field_list": None},
        {"tab_field_list": ["id"], "cat_field_list": ["label"]},
    ],
    ids=["empty", "null", "excluded"],
)
def test_a_model_of_no_fields_is_refused(changes: dict[str, Any], workdir: Path) -> None:
    write(workdir, **changes)

    assert said(workdir).startswith(
        "model: hyperparameters.json: expected fields in tab_field_list, cat_field_list or text_name, beside "
        "the label and the id, found none among its keys "
    )


def test_absent_lists_are_refused(workdir: Path) -> None:
    (workdir / "model" / "hyperparameters.json").write_text("{}")

    assert "found none among its keys []" in said(workdir)


@pytest.mark.parametrize("names", ["amount", {"amount": 1}, [1], 7])
def test_a_list_that_holds_no_names_is_refused(names: object, workdir: Path) -> None:
    write(workdir, tab_field_list=names)

    assert said(workdir).startswith("hyperparameters.json: tab_field_list: expected a list of names, found ")


@pytest.mark.parametrize("content_types", ["text/xml", "application/json, text/xml"])
def test_an_unsupported_content_type_is_refused_with_those_that_are(
    content_types: str, workdir: Path
) -> None:
    sentence = said(workdir, "--content-types", content_types)

    assert sentence == (
        f"Unsupported content type: expected one of {SUPPORTED}, found 'text/xml'; correct this setting"
    )


@pytest.mark.parametrize("content_types", ["", " ", "application/json,,text/csv", "text/csv,"])
def test_an_empty_content_type_is_refused(content_types: str, workdir: Path) -> None:
    assert said(workdir, "--content-types", content_types) == (
        "`--content-types` has an empty entry; name a content type there, or none"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--default-numeric-value", "many"),
            "Invalid value for '--default-numeric-value': 'many' is not a valid float.",
        ),
        (
            ("--default-numeric-value", "nan"),
            "the default of numeric fields: expected a finite number, found nan; correct it",
        ),
        (
            ("--default-numeric-value", "1e999"),
            "the default of numeric fields: expected a finite number, found inf; correct it",
        ),
        (
            ("--field-default", "amount"),
            "Invalid value for --field-default: expected FIELD=VALUE, found 'amount'",
        ),
        (
            ("--field-default", "amount=1", "--field-default", "amount=2"),
            "Invalid value for --field-default: expected each field once, found 'amount' twice",
        ),
        (
            ("--field-default", "amuont=1"),
            "values of single fields: expected the name of a field, one of amount, region, Plan, found "
            "'amuont'; correct the name",
        ),
        (
            ("--field-default", "amount=many"),
            "the default of field 'amount': expected a finite number, because the field is NUMERIC, found "
            "'many'; correct this setting",
        ),
        (
            ("--special-field", "amount=1"),
            "the special field amount: expected the name of a TEXT field, one of region, Plan, found another "
            "name; correct this setting",
        ),
        (
            ("--special-field", "plan={now}"),
            "Invalid placeholder in template for field 'Plan': expected no braces but those of {timestamp}, "
            "found '{now}'; correct this setting",
        ),
        (
            ("--special-field", "plan={"),
            "Invalid placeholder in template for field 'Plan': expected no braces but those of {timestamp}, "
            "found '{'; correct this setting",
        ),
        (
            ("--strategy", "typical", "--seed", "1"),
            "`--seed` is of the draws of `--strategy realistic`; nothing else is drawn",
        ),
        (
            ("--strategy", "hostile", "--samples", "2"),
            "number of samples: expected none with the strategy hostile, which has a sample for each of its "
            "cases, found 2; leave it out",
        ),
        (
            ("--reference", "model"),
            "`--reference` gives golden answers; pass `--golden` with it",
        ),
        (
            ("--sample", "model", "--strategy", "typical"),
            "samples: expected either samples of your own or a strategy that makes them, found both, the "
            "strategy typical; leave one out",
        ),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    options: tuple[str, ...], sentence: str, workdir: Path
) -> None:
    assert said(workdir, *options) == sentence


@pytest.mark.parametrize(
    ("output", "options", "found"),
    [
        ("model.tar.gz", (), "the input model.tar.gz"),
        ("model/payload.tar.gz", (), "the input model"),
        ("model/../model/new/payload.tar.gz", (), "the input model"),
        ("mine.tar.gz", ("--sample", "mine.tar.gz"), "the input mine.tar.gz"),
        ("golden.tar.gz", ("--golden",), "the golden answers of the same name"),
        ("folder.tgz", (), "a folder"),
    ],
)
def test_no_input_is_written_over(output: str, options: tuple[str, ...], found: str, workdir: Path) -> None:
    (workdir / "folder.tgz").mkdir()
    (workdir / "mine.tar.gz").write_text("amount,region,Plan\n1,a,b\n")
    shutil.make_archive(str(workdir / "model"), "gztar", workdir / "model")
    artifact = "model.tar.gz" if output == "model.tar.gz" else "model"

    assert refusal("payload", artifact, "-o", output, *options, cwd=workdir) == (
        f"error: {output}: expected a place for the output alone, found {found}; choose another place\n"
    )


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (("--archive-per-content-type",), "p_application_json.tar.gz"),
        (("--archive-per-content-type", "--golden"), "golden_p_text_csv.tar.gz"),
        (("--golden",), "golden.tar.gz"),
    ],
)
def test_no_input_is_written_over_by_a_file_of_another_name_than_the_output(
    options: tuple[str, ...], place: str, workdir: Path
) -> None:
    archive = shutil.make_archive(str(workdir / "model"), "gztar", workdir / "model")
    Path(archive).rename(workdir / place)
    types = ("--content-types", "application/json,text/csv")

    assert refusal("payload", place, "-o", "p.tar.gz", *types, *options, cwd=workdir) == (
        f"error: {place}: expected a place for the output alone, found the input {place}; choose another "
        "place\n"
    )


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (("--archive-per-content-type",), "p_application_json.tar.gz"),
        (("--golden",), "golden.tar.gz"),
    ],
)
def test_no_folder_is_in_the_place_of_a_file(options: tuple[str, ...], place: str, workdir: Path) -> None:
    (workdir / place).mkdir()

    assert refusal("payload", "model", "-o", "p.tar.gz", *options, cwd=workdir) == (
        f"error: {place}: expected a place for the output alone, found a folder; choose another place\n"
    )


@pytest.mark.parametrize("output", ["payload.zip", "payload", "payload.tar", ".tar.gz", "payload.TAR.GZ"])
def test_an_archive_is_called_what_it_is(output: str, workdir: Path) -> None:
    assert refusal("payload", "model", "-o", output, cwd=workdir) == (
        f"error: {output}: expected a name that ends in .tar.gz or .tgz, found another; choose another "
        "place\n"
    )


def test_several_archives_have_no_place_under_one_key(workdir: Path) -> None:
    options = ("--archive-per-content-type", "--content-types", "application/json,text/csv")

    assert said(workdir, *options, "--to", "s3://models/reviews") == (
        "--to: expected a prefix that ends in /, because 2 archives go there, found 's3://models/reviews'; "
        "add the /"
    )


@pytest.mark.parametrize("output", ["file/payload.tar.gz", "/proc/payload.tar.gz"])
def test_a_place_that_cannot_be_written_is_refused(output: str, workdir: Path) -> None:
    (workdir / "file").touch()

    sentence = refusal("payload", "model", "-o", output, cwd=workdir)

    assert sentence.startswith(f"error: {output.removesuffix('payload.tar.gz').removesuffix('/')}")
    assert "expected a file or directory that can be read and written here, found " in sentence
    assert sentence.count("\n") == 1


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process may have more than 4,096 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_an_archive_that_the_disk_has_no_room_for_is_not_there(workdir: Path) -> None:
    sentence = said(workdir, "--samples", "2000")

    assert "File too large" in sentence


def test_an_older_archive_survives_a_refusal(workdir: Path) -> None:
    run_well("payload", "model", "-o", "payload.tar.gz", cwd=workdir)
    before = contents(workdir)

    run("payload", "model", "-o", "payload.tar.gz", "--special-field", "plan={", cwd=workdir)

    assert contents(workdir) == before


def test_a_field_in_both_lists_is_a_number_and_a_warning(workdir: Path) -> None:
    write(workdir, cat_field_list=["region", "amount"])

    ran = run("payload", "model", "-o", "payload.tar.gz", "--content-types", "text/csv", cwd=workdir)

    assert ran.exit_code == 0
    assert "WARNING: 'amount' is listed more than once: JSON has it once, as NUMERIC" in ran.stderr
    assert "WARNING: 'amount' is more than one column: a CSV repeats it" in ran.stderr


def test_a_broken_moment_is_refused(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")

    assert said(workdir).startswith("SOURCE_DATE_EPOCH: expected whole seconds since 1970 up to ")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "no/payload.py",
            "no/payload.py: expected a place in a folder that exists, found no folder no; make ",
        ),
        ("model", "model: expected a file, or nothing, found a folder; remove it, or choose another place"),
    ],
)
def test_a_place_that_takes_no_script_is_refused(output: str, sentence: str, workdir: Path) -> None:
    assert refusal("payload", "export-script", "-o", output, cwd=workdir).startswith(f"error: {sentence}")


@pytest.mark.parametrize("arguments", [("model",), ("export-script",)])
def test_a_place_must_be_named(arguments: tuple[str, ...], workdir: Path) -> None:
    assert refusal("payload", *arguments, cwd=workdir) == "error: Missing option '-o' / '--output'.\n"
