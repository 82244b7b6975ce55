"""The payload script against the settled readings, on cases that nobody recorded."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from payload_answers import answers
from payload_recorded import PayloadCase, Refusal, agrees
from payload_replay import replayed
from payload_rules import RULES

PAIRS = ["Ab", "aB", "User_ID", "user_id"]
NAMES = [*PAIRS, "a", "b", "x y", "na,me", 'q"t', "\u00fcn", "\u6570", "id", "label", "1"]
TYPES = [
    "application/json",
    "text/csv",
    " text/csv ",
    "text/csv;header=present",
    "application/x-ndjson",
    "application/jsonlines",
    "application/x-parquet",
    "Text/CSV",
    "",
]
TEXTS = ["DEFAULT_TEXT", "", ",", '"', "\n", "a\r\nb", " x ", "\u00e9", "{timestamp}", "\u2028", "#c", "'"]
TEMPLATES = [
    "v",
    "{timestamp}",
    "a,{timestamp}{timestamp}",
    "{",
    "}",
    "{}",
    "{{timestamp}}",
    "{timestamp}}",
    "",
]
NUMBERS = ["1", "abc", "nan", "inf", "-0", "1e3", " 2 ", "1_0", "", "1e400", "123456789012345678901"]
OWN: list[Any] = ["7", "w", 3, 2.5, True, None, [1], "nan", ""]

field_lists = st.none() | st.lists(st.sampled_from(NAMES), max_size=4)
names = st.sampled_from(NAMES)
hyperparameters = st.fixed_dictionaries(
    {"tab_field_list": field_lists, "cat_field_list": field_lists},
    optional={"label_name": st.none() | names, "id_name": names, "text_name": st.none() | names},
)


@st.composite
def settings_of_a_run(draw: st.DrawFn) -> dict[str, str]:
    """Variables of the environment, most of them usable."""
    environ = draw(
        st.fixed_dictionaries(
            {"CONTENT_TYPES": st.lists(st.sampled_from(TYPES[:-2]), min_size=1, max_size=4).map(",".join)},
            optional={
                "DEFAULT_NUMERIC_VALUE": st.sampled_from(NUMBERS),
                "DEFAULT_TEXT_VALUE": st.sampled_from(TEXTS),
                "FIELD_DEFAULTS": st.dictionaries(names, st.sampled_from(OWN), max_size=2).map(json.dumps),
            },
        )
    )
    if draw(st.booleans()):
        name = draw(names)
        spelling = draw(st.sampled_from([name, name.upper(), name.lower()]))
        environ[f"SPECIAL_FIELD_{spelling}"] = draw(st.sampled_from(TEMPLATES))
    return environ


@settings(max_examples=60, deadline=None)
@given(told=hyperparameters, environ=settings_of_a_run())
@example(told={"tab_field_list": ["a"], "cat_field_list": ["b"]}, environ={"CONTENT_TYPES": ",".join(TYPES)})
@example(
    told={"tab_field_list": [], "cat_field_list": ["user_id", "User_ID"]},
    environ={"CONTENT_TYPES": "text/csv", "SPECIAL_FIELD_User_ID": "v"},
)
def test_any_run_has_the_answer_of_the_settled_readings(
    told: dict[str, Any], environ: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model_dir, work = Path(folder, "model"), Path(folder, "work")
        model_dir.mkdir()
        (model_dir / "hyperparameters.json").write_text(json.dumps(told))
        case = PayloadCase(
            name="drawn",
            environ=environ,
            model_dir=model_dir,
            has_output_dir=True,
            clock="2031-02-03 04:05:06",
            recorded=Refusal(("Exception",)),
        )

        answer, disorder = replayed(case, work)
        (right,) = answers(case, RULES)

    assert disorder == ""
    if isinstance(right, Refusal) and isinstance(answer, Refusal):
        # of several faults either may be named first
        assert right.kinds[0] in answer.kinds
    else:
        assert agrees(answer, right)
