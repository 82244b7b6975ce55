"""The points on which the payload script differs from the recorded one, each with its reason.

A rule holds both readings of one point: the recorded one and the settled one. Applied to a case,
the recorded readings must give the recorded answer, so that a rule explains what was recorded before it is
allowed to change it; the settled ones give the answer that is right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import payload_readings as readings

Reading = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One settled point.

    Attributes:
        name: of the point; `payload_answers` asks for it by this name.
        reason: one sentence for a person who reads the verdict.
        recorded: the reading of the recorded answers.
        settled: the right reading, with the same arguments.
    """

    name: str
    reason: str
    recorded: Reading
    settled: Reading


RULES: Final[Mapping[str, Rule]] = {
    rule.name: rule
    for rule in (
        Rule(
            name="member name",
            reason="`./` before the name of a member does not matter",
            recorded=str,
            settled=readings.plain_member,
        ),
        Rule(
            name="several files",
            reason="of several files below the folder the first in sorted order is taken",
            recorded=readings.any_of,
            settled=readings.first_sorted,
        ),
        Rule(
            name="byte order mark",
            reason="a byte order mark before hyperparameters does not matter",
            recorded=readings.utf_8,
            settled=readings.without_mark,
        ),
        Rule(
            name="no object",
            reason="hyperparameters that are no JSON object are refused as a value",
            recorded=readings.anything,
            settled=readings.an_object,
        ),
        Rule(
            name="lists",
            reason="a list of fields that is null is empty, and one of other things than names is refused",
            recorded=readings.joined,
            settled=readings.null_is_empty,
        ),
        Rule(
            name="label and id",
            reason="a name of the label or the id that is null is as good as none",
            recorded=readings.as_it_stands,
            settled=readings.null_is_absent,
        ),
        Rule(
            name="text fields",
            reason="a request carries the texts that the model reads, in a list of fields or not",
            recorded=readings.listed,
            settled=readings.listed_and_texts,
        ),
        Rule(
            name="finite default",
            reason="a default number that is not finite is 0.0, as one that is no number",
            recorded=readings.any_number,
            settled=readings.finite,
        ),
        Rule(
            name="special field's case",
            reason="a special value reaches a field whose name has capitals",
            recorded=readings.lower_case,
            settled=readings.without_case,
        ),
        Rule(
            name="special field of no text",
            reason="a special value that no TEXT field takes is refused",
            recorded=readings.passed_over,
            settled=readings.lists_texts,
        ),
        Rule(
            name="placeholders",
            reason="the literal {timestamp} alone is replaced, and any other brace is refused",
            recorded=readings.formatted,
            settled=readings.literal,
        ),
        Rule(
            name="field defaults",
            reason="FIELD_DEFAULTS gives single fields their values, and is refused where it cannot",
            recorded=readings.no_defaults,
            settled=readings.own_defaults,
        ),
        Rule(
            name="columns",
            reason="a CSV has the columns of feature_columns.txt where the model has that file",
            recorded=readings.fields_themselves,
            settled=readings.feature_columns,
        ),
        Rule(
            name="quotes",
            reason="a CSV cell is quoted where RFC 4180 demands it",
            recorded=readings.bare_cells,
            settled=readings.rfc_4180,
        ),
        Rule(
            name="content type",
            reason="there are content types beside JSON and CSV",
            recorded=readings.of_two_types,
            settled=readings.of_six_types,
        ),
        Rule(
            name="number in a name",
            reason="the number in a file's name counts the files of its content type",
            recorded=readings.place,
            settled=readings.count,
        ),
        Rule(
            name="order of members",
            reason="the members of the archive are sorted by name",
            recorded=readings.as_written,
            settled=readings.by_name,
        ),
        Rule(
            name="empty files",
            reason="an archive of empty files has no ratio, and that is no failure",
            recorded=readings.ratio_of_nothing,
            settled=readings.no_ratio,
        ),
    )
}
