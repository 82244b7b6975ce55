"""Invented runs of the payload script, one or more for each rule; all their answers are written by hand.

They are of the form of the recorded ones, with other names and values, so that what holds here holds for any
folder of that form.
"""

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

JSON, CSV = "payload_application_json_", "payload_text_csv_"
CLOCK: Final = "2031-02-03 04:05:06"
FIELDS: Final = {
    "full_field_list": ["key", "price", "weight", "Colour", "shop", "sold"],
    "tab_field_list": ["price", "weight"],
    "cat_field_list": ["Colour", "shop"],
    "label_name": "sold",
    "id_name": "key",
}
USUAL: Final = {"price": "0.0", "weight": "0.0", "Colour": "DEFAULT_TEXT", "shop": "DEFAULT_TEXT"}
FILE: Final = "hyperparameters.json"


def usual(**changes: str) -> str:
    """The JSON sample of `FIELDS`."""
    return json.dumps(USUAL | changes)


def hyperparameters(**changes: object) -> bytes:
    """`FIELDS` as a file."""
    return json.dumps(FIELDS | changes).encode()


def archive(members: Mapping[str, bytes]) -> bytes:
    """A gzip-compressed tar."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """One run and what a replay must say of it.

    Attributes:
        model: the input folder's files.
        recorded: files by name, or the type and the text of an exception.
        right: files by name, or words of the refusal; None where the recorded answer is right.
        rules: names of those that make the difference.
    """

    name: str
    environ: Mapping[str, str] = field(default_factory=dict)
    model: Mapping[str, bytes] = field(default_factory=lambda: {FILE: hyperparameters()})
    recorded: Mapping[str, str] | str
    right: Mapping[str, Any] | tuple[str, ...] | None = None
    rules: tuple[str, ...] = ()

    def write(self, cases: Path) -> Path:
        """The folder of this case, written."""
        folder = cases / self.name
        (folder / "model").mkdir(parents=True)
        for name, data in self.model.items():
            (folder / "model" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "model" / name).write_bytes(data)
        given = {
            "has_model_input": True,
            "has_output_dir": True,
            "model_dir": "model",
            "model_dir_exists": True,
        }
        case = {"name": self.name, "note": "", "env": self.environ, "clock": CLOCK} | given
        (folder / "case.json").write_text(json.dumps(case))
        if isinstance(self.recorded, str):
            kind, _, message = self.recorded.partition(": ")
            answer: dict[str, Any] = {"exception": {"type": kind, "message": message}}
        else:
            answer = {"archive_members": list(self.recorded), "files": self.recorded}
        (folder / "answer.json").write_text(json.dumps({"seed_version": answer}))
        return folder


NOT_FOUND: Final = "FileNotFoundError: hyperparameters.json not found in model artifacts"
PLACEHOLDER: Final = "Invalid placeholder in template for field 'shop'"
BOTH: Final = {"CONTENT_TYPES": "text/csv,application/json"}
INVENTED: Final = (
    Invented(name="h01_usual", recorded={f"{JSON}0.json": usual()}),
    Invented(
        name="h02_one_type_twice",
        environ={"CONTENT_TYPES": "application/json,application/json", "DEFAULT_NUMERIC_VALUE": "7"},
        recorded={f"{JSON}{i}.json": usual(price="7.0", weight="7.0") for i in (0, 1)},
    ),
    Invented(name="h03_nothing", model={"x.bin": b"x"}, recorded=NOT_FOUND),
    Invented(
        name="h04_no_json",
        model={FILE: b"{"},
        recorded="json.decoder.JSONDecodeError: Expecting property name",
    ),
    Invented(
        name="h05_unsupported",
        environ={"CONTENT_TYPES": "text/html"},
        recorded="ValueError: Unsupported content type: text/html",
    ),
    Invented(
        name="h06_special",
        environ={"SPECIAL_FIELD_shop": "at {timestamp}"},
        recorded={f"{JSON}0.json": usual(shop=f"at {CLOCK}")},
    ),
    Invented(
        name="h10_dotted_member",
        model={"model.tar.gz": archive({f"./{FILE}": hyperparameters()})},
        recorded=NOT_FOUND,
        right={f"{JSON}0.json": usual()},
        rules=("member name",),
    ),
    Invented(
        name="h11_last_of_three",
        model={
            "z/" + FILE: hyperparameters(tab_field_list=["of_z"]),
            "k/" + FILE: hyperparameters(tab_field_list=["of_k"]),
            "k/a/" + FILE: hyperparameters(tab_field_list=["of_a"]),
        },
        recorded={f"{JSON}0.json": '{"of_z": "0.0", "Colour": "DEFAULT_TEXT", "shop": "DEFAULT_TEXT"}'},
        right={f"{JSON}0.json": '{"of_a": "0.0", "Colour": "DEFAULT_TEXT", "shop": "DEFAULT_TEXT"}'},
        rules=("several files",),
    ),
    Invented(
        name="h12_list",
        model={FILE: b"[1]"},
        recorded="AttributeError: 'list' object has no attribute 'get'",
        right=("hyperparameters.json",),
        rules=("no object",),
    ),
    Invented(
        name="h13_mark",
        model={FILE: b"\xef\xbb\xbf" + hyperparameters()},
        recorded="json.decoder.JSONDecodeError: Unexpected UTF-8 BOM (decode using utf-8-sig)",
        right={f"{JSON}0.json": usual()},
        rules=("byte order mark",),
    ),
    Invented(
        name="h14_numbers",
        model={FILE: hyperparameters(tab_field_list=[1])},
        recorded={f"{JSON}0.json": '{"1": "0.0", "Colour": "DEFAULT_TEXT", "shop": "DEFAULT_TEXT"}'},
        right=("tab_field_list",),
        rules=("lists",),
    ),
    Invented(
        name="h15_null",
        model={FILE: hyperparameters(cat_field_list=None)},
        recorded="TypeError: unsupported operand type(s) for +",
        right={f"{JSON}0.json": '{"price": "0.0", "weight": "0.0"}'},
        rules=("lists",),
    ),
    Invented(
        name="h16_words",
        model={FILE: hyperparameters(tab_field_list="price")},
        recorded="TypeError: unsupported operand type(s) for +",
        right=("tab_field_list",),
        rules=("lists",),
    ),
    Invented(
        name="h17_null_label",
        model={FILE: hyperparameters(tab_field_list=["label"], label_name=None)},
        recorded={f"{JSON}0.json": '{"label": "0.0", "Colour": "DEFAULT_TEXT", "shop": "DEFAULT_TEXT"}'},
        right={f"{JSON}0.json": '{"Colour": "DEFAULT_TEXT", "shop": "DEFAULT_TEXT"}'},
        rules=("label and id",),
    ),
    Invented(
        name="h18_two_texts",
        model={FILE: hyperparameters(primary_text_name="story", secondary_text_name="shop")},
        recorded={f"{JSON}0.json": usual()},
        right={f"{JSON}0.json": usual(story="DEFAULT_TEXT")},
        rules=("text fields",),
    ),
    Invented(
        name="h19_infinite",
        environ={"DEFAULT_NUMERIC_VALUE": "-inf"},
        recorded={f"{JSON}0.json": usual(price="-inf", weight="-inf")},
        right={f"{JSON}0.json": usual()},
        rules=("finite default",),
    ),
    Invented(
        name="h20_capitals",
        environ={"SPECIAL_FIELD_COLOUR": "red"},
        recorded={f"{JSON}0.json": usual()},
        right={f"{JSON}0.json": usual(Colour="red")},
        rules=("special field's case",),
    ),
    Invented(
        name="h21_number",
        environ={"SPECIAL_FIELD_weight": "3"},
        recorded={f"{JSON}0.json": usual()},
        right=("SPECIAL_FIELD_weight", "Colour", "shop"),
        rules=("special field of no text",),
    ),
    Invented(
        name="h22_misspelt",
        environ={"SPECIAL_FIELD_shopp": "3"},
        recorded={f"{JSON}0.json": usual()},
        right=("SPECIAL_FIELD_shopp", "Colour", "shop"),
        rules=("special field of no text",),
    ),
    Invented(
        name="h23_evaluated",
        environ={"SPECIAL_FIELD_shop": "{timestamp.__len__.__name__}"},
        recorded={f"{JSON}0.json": usual(shop="__len__")},
        right=(PLACEHOLDER,),
        rules=("placeholders",),
    ),
    Invented(
        name="h24_positional",
        environ={"SPECIAL_FIELD_shop": "{0}"},
        recorded="IndexError: Replacement index 0 out of range",
        right=(PLACEHOLDER,),
        rules=("placeholders",),
    ),
    Invented(
        name="h25_doubled",
        environ={"SPECIAL_FIELD_shop": "a{{b}}"},
        recorded={f"{JSON}0.json": usual(shop="a{b}")},
        right=(PLACEHOLDER,),
        rules=("placeholders",),
    ),
    Invented(
        name="h26_own_default",
        environ={"FIELD_DEFAULTS": '{"shop": "north", "other": 1}', "SPECIAL_FIELD_colour": "red"},
        model={FILE: hyperparameters(cat_field_list=["colour", "shop"])},
        recorded={
            f"{JSON}0.json": '{"price": "0.0", "weight": "0.0", "colour": "red", "shop": "DEFAULT_TEXT"}'
        },
        right={f"{JSON}0.json": '{"price": "0.0", "weight": "0.0", "colour": "red", "shop": "north"}'},
        rules=("field defaults",),
    ),
    Invented(
        name="h27_own_number",
        environ={"FIELD_DEFAULTS": '{"price": "12", "weight": 1e3, "shop": 4}'},
        recorded={f"{JSON}0.json": usual()},
        right={f"{JSON}0.json": usual(price="12.0", weight="1000.0", shop="4")},
        rules=("field defaults",),
    ),
    Invented(
        name="h28_no_defaults",
        environ={"FIELD_DEFAULTS": '["shop"]'},
        recorded={f"{JSON}0.json": usual()},
        right=("FIELD_DEFAULTS",),
        rules=("field defaults",),
    ),
    Invented(
        name="h29_columns",
        environ={"CONTENT_TYPES": "text/csv"},
        model={FILE: hyperparameters(), "feature_columns.txt": b"# x\n0,shop\n1,weight\n2,Colour\n3,price\n"},
        recorded={f"{CSV}0.csv": "0.0,0.0,DEFAULT_TEXT,DEFAULT_TEXT"},
        right={f"{CSV}0.csv": "DEFAULT_TEXT,0.0,DEFAULT_TEXT,0.0"},
        rules=("columns",),
    ),
    Invented(
        name="h30_quotes",
        environ={"CONTENT_TYPES": "text/csv", "DEFAULT_TEXT_VALUE": 'a "b"'},
        recorded={f"{CSV}0.csv": '0.0,0.0,a "b",a "b"'},
        right={f"{CSV}0.csv": '0.0,0.0,"a ""b""","a ""b"""'},
        rules=("quotes",),
    ),
    Invented(
        name="h31_lines",
        environ={"CONTENT_TYPES": "application/x-ndjson"},
        recorded="ValueError: Unsupported content type: application/x-ndjson",
        right={"payload_application_x-ndjson_0.ndjson": [USUAL]},
        rules=("content type",),
    ),
    Invented(
        name="h32_table",
        environ={"CONTENT_TYPES": "application/x-parquet,text/csv;header=present"},
        recorded="ValueError: Unsupported content type: application/x-parquet",
        right={
            "payload_application_x-parquet_0.parquet": [USUAL],
            "payload_text_csv_header_0.csv": [USUAL],
        },
        rules=("content type", "number in a name"),
    ),
    Invented(
        name="h33_order",
        environ=BOTH,
        recorded={f"{CSV}0.csv": "0.0,0.0,DEFAULT_TEXT,DEFAULT_TEXT", f"{JSON}1.json": usual()},
        right={f"{JSON}0.json": usual(), f"{CSV}0.csv": "0.0,0.0,DEFAULT_TEXT,DEFAULT_TEXT"},
        rules=("number in a name", "order of members"),
    ),
    Invented(
        name="h34_empty",
        environ={"CONTENT_TYPES": "text/csv"},
        model={FILE: b'{"tab_field_list": ["label"]}'},
        recorded="ZeroDivisionError: float division by zero",
        right={f"{CSV}0.csv": ""},
        rules=("empty files",),
    ),
    Invented(
        name="h35_all_at_once",
        environ={**BOTH, "SPECIAL_FIELD_Colour": "r,g", "DEFAULT_NUMERIC_VALUE": "nan"},
        model={FILE: hyperparameters(), "feature_columns.txt": b"0,Colour\n1,price\n"},
        recorded={
            f"{CSV}0.csv": "nan,nan,DEFAULT_TEXT,DEFAULT_TEXT",
            f"{JSON}1.json": usual(price="nan", weight="nan"),
        },
        right={f"{JSON}0.json": usual(Colour="r,g"), f"{CSV}0.csv": '"r,g",0.0'},
        rules=(
            "finite default",
            "special field's case",
            "columns",
            "quotes",
            "number in a name",
            "order of members",
        ),
    ),
)
