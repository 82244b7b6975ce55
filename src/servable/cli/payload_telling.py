"""What `servable payload` prints: for people, and as JSON."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servable.payload import GoldenSummary, PayloadSummary, Uploaded


def told_lines(
    made: "PayloadSummary", answers: Sequence["GoldenSummary"], uploads: Sequence["Uploaded"]
) -> str:
    """What was written and where it went."""
    return "\n".join(
        [
            *made.summary_lines(),
            *(line for each in answers for line in each.summary_lines()),
            *(f"uploaded to {each.uri} (bucket {each.bucket}, key {each.key})" for each in uploads),
        ]
    )


def told_json(
    made: "PayloadSummary", answers: Sequence["GoldenSummary"], uploads: Sequence["Uploaded"]
) -> str:
    """The same as one JSON object."""
    plain = made.to_plain()
    plain["golden"] = [each.to_plain() for each in answers]
    plain["uploads"] = [each.to_plain() for each in uploads]
    return json.dumps(plain, indent=2)
