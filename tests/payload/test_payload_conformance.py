"""The payload script against the recorded answers of an independent implementation.

`OURS` lists the cases where the script differs on purpose, with the reason and its own answer. Every other
case must give the recorded files byte for byte, or refuse with an exception of the recorded kind.
"""

import calendar
import json
import tarfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from servable.payload import script

pytestmark = pytest.mark.conformance

CASES = """
p01_location1_tar p02_location2_dir p03_location3_direct p04_location4_recursive p05_tar_dot_slash
p06_tar_nested p07_tar_without_then_direct p08_corrupt_tar_then_direct p09_tar_wins_over_direct p10_not_found
p11_malformed p12_default_env p13_special_timestamp p14_special_upper_env p15_special_uppercase_field
p16_special_numeric p17_special_unknown_placeholder p18_special_positional p19_special_unbalanced
p20_special_double_brace p21_special_format_spec p22_special_attr p23_special_unknown_field p24_ct_spaces
p25_ct_unsupported p26_ct_empty p27_ct_trailing_comma p28_ct_duplicate p29_ct_case p30a_numeric p30b_numeric
p30c_numeric p30d_numeric p30e_numeric p30f_numeric p30g_numeric p31_text_comma p32_text_unicode
p33_text_braces p34_label_id_in_lists p35_no_label_keys p36_field_in_both p37_empty_lists_json
p38_empty_lists_csv p39_lists_missing p40_lists_null p41_extra_full_fields p42_bimodal
p43_bimodal_text_outside p44_trimodal p45_feature_columns p46_feature_columns_in_tar p47_field_defaults
p48_field_defaults_bad p49_unicode_names p50_no_input_key p51_no_output_key p52_model_dir_missing
p53_full_artifact_like p54_two_recursive
""".split()  # noqa: SIM905  names in lines, not sixty lines of one name

JSON_0 = "payload_application_json_0.json"
CSV_0 = "payload_text_csv_0.csv"
CSV_1 = "payload_text_csv_1.csv"
USUAL = {"amount": "0.0", "days": "0.0", "region": "DEFAULT_TEXT", "channel": "DEFAULT_TEXT"}


class Ours(NamedTuple):
    """Why the script differs in a case, and its files or what its refusal says."""

    reason: str
    files: dict[str, str] | None = None
    refusal: str = ""


def _json(**changes: str) -> str:
    return json.dumps(USUAL | changes)


PLACEHOLDERS = "only the literal {timestamp} is a placeholder; nothing of a template is evaluated"
ONE_ORDER = "JSON and CSV describe one record, and feature_columns.txt decides the order of the CSV"
OURS = {
    "p05_tar_dot_slash": Ours("`./` before a member's name does not matter", {JSON_0: _json()}),
    "p15_special_uppercase_field": Ours(
        "a special value reaches a field with capitals",
        {JSON_0: '{"amount": "0.0", "days": "0.0", "Region": "X"}'},
    ),
    "p18_special_positional": Ours(PLACEHOLDERS, refusal=r"field 'region'.*found '\{\}'"),
    "p20_special_double_brace": Ours(
        "the contract calls double braces invalid", refusal=r"field 'region'.*found '\{\{timestamp\}\}'"
    ),
    "p21_special_format_spec": Ours(PLACEHOLDERS, refusal=r"found '\{timestamp:>25\}'"),
    "p22_special_attr": Ours(PLACEHOLDERS, refusal=r"found '\{timestamp\.__class__\}'"),
    "p31_text_comma": Ours(
        "a CSV cell is quoted as RFC 4180 says",
        {
            JSON_0: _json(region='a,b "q"\nz', channel='a,b "q"\nz'),
            CSV_1: '0.0,0.0,"a,b ""q""\nz","a,b ""q""\nz"',
        },
    ),
    "p36_field_in_both": Ours(
        "a field in both lists appears once", {JSON_0: _json(), CSV_1: "0.0,0.0,DEFAULT_TEXT,DEFAULT_TEXT"}
    ),
    "p38_empty_lists_csv": Ours("an empty sample has no compression ratio, and that is all", {CSV_0: ""}),
    "p40_lists_null": Ours(
        "a list that is null is empty",
        {JSON_0: '{"region": "DEFAULT_TEXT", "channel": "DEFAULT_TEXT"}'},
    ),
    "p43_bimodal_text_outside": Ours(
        "a request carries the text that the model reads",
        {JSON_0: _json(dialogue="DEFAULT_TEXT"), CSV_1: "0.0,0.0,DEFAULT_TEXT,DEFAULT_TEXT,DEFAULT_TEXT"},
    ),
    "p45_feature_columns": Ours(ONE_ORDER, {JSON_0: _json(), CSV_1: "DEFAULT_TEXT,0.0,0.0,DEFAULT_TEXT"}),
    "p46_feature_columns_in_tar": Ours(
        ONE_ORDER, {JSON_0: _json(), CSV_1: "DEFAULT_TEXT,0.0,0.0,DEFAULT_TEXT"}
    ),
    "p47_field_defaults": Ours(
        "FIELD_DEFAULTS holds for every field, numeric ones too",
        {JSON_0: _json(amount="42.0", region="US"), CSV_1: "42.0,0.0,US,DEFAULT_TEXT"},
    ),
    "p54_two_recursive": Ours(
        "the first match in sorted order, not in the file system's",
        {JSON_0: '{"in_a": "0.0", "region": "DEFAULT_TEXT", "channel": "DEFAULT_TEXT"}'},
    ),
}
KINDS = {
    "FileNotFoundError": FileNotFoundError,
    "ValueError": ValueError,
    "json.decoder.JSONDecodeError": ValueError,
}


@pytest.fixture(scope="module")
def cases_dir(shared_dir: Path) -> Path:
    return shared_dir / "conformance" / "payload" / "cases"


def _read(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text())
    assert isinstance(value, dict)
    return value


def _replay(case_dir: Path, tmp_path: Path) -> str:
    """What the script returns for a case, with its clock and a working directory of its own."""
    case = _read(case_dir / "case.json")
    model_dir = case_dir / (case["model_dir"] or "no-such-directory")
    clock_s = calendar.timegm(time.strptime(case["clock"], "%Y-%m-%d %H:%M:%S"))
    return script.main(
        {"model_input": str(model_dir)} if case["has_model_input"] else {},
        {"output_dir": str(tmp_path / "out")} if case["has_output_dir"] else {},
        case["env"] | {"SOURCE_DATE_EPOCH": str(clock_s), "WORKING_DIRECTORY": str(tmp_path / "work")},
        None,
    )


def _members(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as tar:
        return {member.name: stream.read().decode() for member in tar if (stream := tar.extractfile(member))}


@pytest.mark.parametrize("name", [name for name in CASES if name not in OURS])
def test_a_recorded_case_has_the_recorded_answer(name: str, cases_dir: Path, tmp_path: Path) -> None:
    recorded = _read(cases_dir / name / "answer.json")["seed_version"]

    if "exception" in recorded:
        with pytest.raises(KINDS[recorded["exception"]["type"]]):
            _replay(cases_dir / name, tmp_path)
        assert not (tmp_path / "out").exists()
        assert not (tmp_path / "work" / "payload_sample").exists()
    else:
        returned = _replay(cases_dir / name, tmp_path)
        assert returned == recorded["returned"].replace("<tmp>", str(tmp_path))
        assert list(_members(Path(returned))) == recorded["archive_members"]
        assert _members(Path(returned)) == recorded["files"]


@pytest.mark.parametrize("name", OURS)
def test_a_case_that_differs_on_purpose_has_its_own_answer(
    name: str, cases_dir: Path, tmp_path: Path
) -> None:
    ours = OURS[name]

    if ours.files is None:
        with pytest.raises(ValueError, match=f"(?s)Invalid placeholder in template.*{ours.refusal}"):
            _replay(cases_dir / name, tmp_path)
        assert not (tmp_path / "out").exists()
        assert not (tmp_path / "work" / "payload_sample").exists()
    else:
        assert _members(Path(_replay(cases_dir / name, tmp_path))) == ours.files


@pytest.mark.parametrize("name", [name for name, ours in OURS.items() if ours.files is not None])
def test_a_case_that_is_said_to_differ_does_differ(name: str, cases_dir: Path) -> None:
    recorded = _read(cases_dir / name / "answer.json")["seed_version"]

    assert recorded.get("files") != OURS[name].files


def test_every_recorded_case_is_replayed(cases_dir: Path) -> None:
    assert sorted(path.name for path in cases_dir.iterdir()) == sorted(CASES)
    assert set(OURS) <= set(CASES)
