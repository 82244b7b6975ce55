"""Golden answers of a payload on the page of a proof, and in its reasons."""

import re
from html import unescape
from typing import Any

import pytest
from proof_documents import a_document, a_payload, a_payload_line, a_refusal, samples_of

from servable.prove.page import proof_page
from servable.prove.reasons import reasons
from servable.prove.summary import summary_lines

FAILED = "1 of 3 records differ from the golden answer"


def document_of(**changes: Any) -> dict[str, Any]:
    """A proof with two files, one of which was answered wrongly, and two illegal requests, one answered."""
    wrong = a_payload_line("payload_text_csv_0.csv", case="emoji", acceptable=2, flips=1, failure=FAILED)
    refusals = (
        a_refusal("number-in-words"),
        a_refusal(
            "broken-json",
            field=None,
            record=None,
            status=200,
            failure="status 200 instead of 400",
            answer="<b>ok",
        ),
    )
    found = a_payload(a_payload_line("payload_application_json_0.json"), wrong, refusals=refusals, **changes)
    return a_document(samples_of(), answers=found)


def words(document: dict[str, Any]) -> str:
    html = proof_page(document, samples_of())
    body = re.sub(r"<[^>]+>", " ", html.partition("</head>")[2])
    return " ".join(unescape(body).split())


def test_a_row_for_each_file_has_its_case_what_differs_first() -> None:
    shown = words(document_of())

    first, second = "emoji payload_text_csv_0.csv", "typical payload_application_json_0.json"
    assert shown.index(first) < shown.index(second)
    assert f"wrong {FAILED}" in shown


def test_a_row_for_each_illegal_request_has_its_status_and_what_came_as_text() -> None:
    document = document_of()

    assert "broken-json text/csv <b>ok 200 expected 400" in words(document)
    assert "<b>ok" not in proof_page(document, samples_of())


def test_it_says_who_gave_the_golden_answers_and_when_that_shows_the_wire_alone() -> None:
    packed = words(document_of(reference="packed", rule="same-build"))

    assert "Given by packed it was at hand" in packed
    assert "The golden answers to the payload came of the packed engine itself" in packed
    assert "came of the packed engine itself" not in words(document_of())


def test_reasons_and_summary_tell_of_both_claims() -> None:
    document = document_of()

    assert document["verdict_reason"] == ["payload", "refusals"]
    assert reasons(document) == (
        "Payload: 1 of 2 files were answered rightly before the load, 0 answers were wrong under load.",
        "Refusals: 1 of 2 illegal requests were refused rightly, and the server lived on after 2.",
    )
    assert summary_lines(document, where="proof.json")[-6:-2] == [
        "  golden answers of xgboost (it was at hand): 4 of 6 records bit-equal, max |d| raw 1.5e-06 "
        "calibrated 2.5e-06, 1 labels differ",
        "refusals FAIL: 1 of 2 illegal requests refused as they must be, and the server lived on after 2",
        "  broken-json (text/csv): status 200 instead of 400",
        f"payload payload_text_csv_0.csv (emoji): {FAILED} before load",
    ]


@pytest.mark.parametrize("right", [20, 21])
def test_every_wrong_file_stands_on_the_page_and_few_that_are_right(right: int) -> None:
    wrong = [a_payload_line(f"wrong_{number}.json", failure=FAILED) for number in range(30)]
    lines = [a_payload_line(f"right_{number}.json") for number in range(right)]

    document = a_document(samples_of(), answers=a_payload(*lines, *wrong))

    shown = words(document)
    assert (shown.count(" wrong_"), shown.count(" right_")) == (30 + 30, 20)  # and 30 among the errors
    assert ("1 more stand in proof.json, all of them right." in shown) == (right == 21)


def test_a_payload_that_is_all_wrong_is_cut() -> None:
    lines = [a_payload_line(f"wrong_{number}.json", failure=FAILED) for number in range(302)]
    document = a_document(samples_of(), answers=a_payload(*lines, rule="same-build"))

    assert "2 more stand in proof.json, 2 of them wrong." in words(document)


def test_the_limits_stand_where_they_are_compared_and_their_reason_only_where_it_is_theirs() -> None:
    two_engines, one = words(document_of()), words(document_of(reference="packed", rule="other-machine"))

    assert "each compared a raw score at most 0.0001 away" in two_engines
    assert "Right means a raw score at most 0.0001 away two engines" in two_engines
    assert "2.50e\N{MINUS SIGN}06 at most 0.0003" in two_engines
    assert "each compared at most 1.00e\N{MINUS SIGN}05 away" in one
    assert "Right means each score at most 1.00e\N{MINUS SIGN}05 away" in one
    assert "two engines" not in one


def test_it_says_that_no_illegal_request_was_sent() -> None:
    document = a_document(samples_of(), answers=a_payload(a_payload_line("a.json")))

    assert "None was sent, so nothing is known of them." in words(document)


def test_a_proof_without_golden_answers_says_nothing_of_them() -> None:
    document = a_document(samples_of())

    assert document["schema"] == "servable.proof/v1"
    assert "Illegal requests" not in words(document)
    assert [claim["id"] for claim in document["claims"]] == ["latency_p99", "error_rate", "rate", "golden"]
