"""The page of a proof: the verdict first, every number that of `proof.json`, hostile text as text."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proof_documents import CASES, a_document, a_line, samples_of

from servable.prove import Proof
from servable.prove.page import proof_page
from servable.prove.samples import Outcome, Samples, from_npz

MOST_BYTES = 500_000


def page_of(case: str) -> str:
    document, samples = CASES[case]
    return proof_page(document, samples)


def plain(html: str) -> str:
    """The page's words, in order, without those of its style."""
    body = re.sub(r"<[^>]+>", " ", html.partition("</head>")[2])
    return " ".join(unescape(body).split())


def numbers_of(html: str) -> list[float]:
    return [float(value) for value in re.findall(r'<data value="([^"]+)">', html)]


def heading(html: str) -> str:
    found = re.search("<h1>(.*?)</h1>", html)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_stands_first_and_in_words(case: str) -> None:
    html = page_of(case)

    assert heading(html) == case.partition(",")[0] == CASES[case][0]["verdict"]
    assert plain(html).startswith(f"Proof of an endpoint of double {heading(html)} ")


@pytest.mark.parametrize("case", CASES)
def test_it_has_no_script_and_is_small(case: str) -> None:
    html = page_of(case)

    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert len(html.encode()) < MOST_BYTES


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "PASS",
            "0 of 473 requests took longer than 500 ms; their share is at most 0.6313 %, allowed is 1 %.",
        ),
        ("FAIL", "Errors: 40 of 473 requests failed; their share is above "),
        ("INCONCLUSIVE", "more would decide, if the observed share held."),
        ("INVALID", "Gate G3, send lag p99, ms: 800, limit 5."),
        ("INVALID, not reached", "The endpoint was not ready in time; nothing is known about it."),
    ],
)
def test_it_says_what_decided(case: str, said: str) -> None:
    assert said in plain(page_of(case))


@pytest.mark.parametrize("case", CASES)
def test_every_claim_has_a_row_with_the_numbers_of_the_document(case: str) -> None:
    document, _ = CASES[case]
    html = page_of(case)
    table = html.partition("<caption>Claims</caption>")[2].partition("</table>")[0]
    latency, errors, rate, golden = document["claims"]

    shown = numbers_of(table)

    expected = [
        *(latency["limit_ms"], latency["p99_point_ms"], latency["p99_upper_ms"]),
        *(errors["limit"], errors["upper"]),
        *(rate["limit"], rate["finished_per_s"], rate["finished_needed_per_s"]),
        golden["max_abs_diff"],
    ]
    assert shown == [value for value in expected if value is not None]
    assert re.findall("NOT EVALUATED|PASS|FAIL|INCONCLUSIVE", table) == [
        claim["verdict"] for claim in document["claims"]
    ]


@pytest.mark.parametrize("case", CASES)
def test_every_number_with_digits_behind_it_stands_in_the_document(case: str) -> None:
    document, _ = CASES[case]

    unknown = set(numbers_of(page_of(case))) - set(leaves(document))

    assert unknown == set()


def leaves(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [float(value)] if isinstance(value, int | float) else []


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_is_what_stands_behind_it(case: str) -> None:
    for value, text in re.findall(r'<data value="([^"]+)">([^<]*)</data>', page_of(case)):
        digits = unescape(text).replace(",", "").replace("\N{MINUS SIGN}", "-")
        read = re.match(r"[^\d-]*(-?[\d.]+(?:e-?\d+)?)", digits)
        assert read is not None, text
        percent = 100.0 if text.endswith("%") else 1.0
        assert float(read[1]) == pytest.approx(float(value) * percent, rel=6e-4)


@pytest.mark.parametrize("case", CASES)
def test_every_gate_is_there_and_broken_ones_are_marked(case: str) -> None:
    gates = CASES[case][0]["validity"]["gates"]
    table = page_of(case).partition("<caption>Validity gates</caption>")[2].partition("</table>")[0]

    rows = [plain(f"</head>{row}") for row in table.partition("<tbody>")[2].split("</tr>")[:-1]]

    assert [row.split()[0] for row in rows] == [gate["id"] for gate in gates]
    assert ["BROKEN" in row for row in rows] == [gate["ok"] is False for gate in gates]


def test_a_claim_that_a_broken_gate_spoils_says_so() -> None:
    assert "FAIL spoiled by G2, G3, G4" in plain(page_of("INVALID"))
    assert "spoiled" not in plain(page_of("FAIL"))


def test_golden_answers_stand_by_content_type_and_mode() -> None:
    lines = (
        a_line(),
        a_line(mode="batch", acceptable=20, bit_equal=19, flips=2, first_failure="status <500>"),
    )
    samples = samples_of()

    text = plain(proof_page(a_document(samples, lines=lines), samples))

    small = "1.25e\N{MINUS SIGN}07 2.50e\N{MINUS SIGN}07"
    assert f"application/json rule: same-build alone 24 3 left out 24 24 0 {small}" in text
    assert f"batch 24 3 left out 20 19 2 {small}" in text
    assert "First failure: application/json, batch status <500>" in text


def test_errors_stand_by_kind_with_the_first_answer() -> None:
    samples = samples_of(failed=40)
    example = {"kind": "status", "content_type": "application/json", "answer": '{"error": "busy"}'}

    text = plain(proof_page(a_document(samples, error_examples=[example]), samples))

    assert "status a status other than 2xx 40 8.457 %" in text
    assert 'First answer, status (application/json) {"error": "busy"}' in text


def test_hostile_names_and_answers_stay_text() -> None:
    samples, hostile = samples_of(failed=40), "</pre><script>alert('x')</script>"
    document = a_document(
        samples,
        lines=(a_line(first_failure=hostile),),
        error_examples=[{"kind": hostile, "content_type": hostile, "answer": hostile}],
        payload=[{"name": hostile, "content_type": "text/csv", "records": 1, "failure": hostile}],
    )
    document["subject"] = {**document["subject"], "name": hostile, "family": hostile}
    document["environment"]["cpu_model"] = hostile

    html = proof_page(document, samples)

    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") >= 10
    assert hostile in unescape(html)


def test_it_is_the_same_for_the_same_proof() -> None:
    assert page_of("FAIL") == page_of("FAIL")


def test_it_says_where_it_comes_from_and_how_to_judge_it_again() -> None:
    document, _ = CASES["PASS"]
    text = plain(page_of("PASS"))

    assert "servable prove --recheck DIR" in text
    for digest in (document["samples"]["digest"], document["plan"]["plan_digest"], "sha256:0123456789abcdef"):
        assert digest in text
    assert "towns Rows 1,234 sha256 fedcba" in text
    assert "2026-01-01 00:00:00 UTC" in text


@pytest.mark.slow
def test_a_hundred_thousand_samples_stay_below_500_kb() -> None:
    n = 100_000
    samples = samples_of(n)
    random = np.random.default_rng(5)
    samples.done_ns[:] = samples.scheduled_ns + (random.lognormal(2.0, 1.0, len(samples)) * 1e6).astype(
        np.int64
    )
    samples.outcome[random.random(len(samples)) < 0.3] = Outcome.TIMEOUT

    html = proof_page(a_document(samples), samples)

    assert len(html.encode()) < MOST_BYTES
    assert html.count("<circle") + html.count("l7 7m0 -7l-7 7") <= 2_000
    assert "2,000 of 100,020 requests are drawn" in plain(html)


class TestOfARealProof:
    def test_it_lies_beside_the_proof_and_is_named_last(self, healthy_proof: Proof) -> None:
        page = healthy_proof.path / "proof.html"

        assert heading(page.read_text()) == "PASS"
        assert healthy_proof.summary_lines()[-1] == f"page:  {page}"

    def test_it_follows_from_the_files_beside_it(self, healthy_proof: Proof) -> None:
        samples = from_npz((healthy_proof.path / "samples.npz").read_bytes())

        again = proof_page(healthy_proof.document, samples)

        assert again == (healthy_proof.path / "proof.html").read_text()

    def test_it_names_no_place(self, healthy_proof: Proof) -> None:
        assert str(Path(healthy_proof.path).parent) not in (healthy_proof.path / "proof.html").read_text()


def test_an_answer_of_an_endpoint_that_never_answers_is_a_page_too() -> None:
    samples = samples_of()
    hung: Samples = Samples(**{name: column.copy() for name, column in samples.columns().items()})
    hung.done_ns[:] = -1
    hung.outcome[:] = Outcome.TIMEOUT

    text = plain(proof_page(a_document(hung), hung))

    assert "No measured request was answered correctly." in text
    assert "timeout no whole answer in time 473 100 %" in text
