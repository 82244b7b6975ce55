"""The page of a proof: the verdict first, every number that of `proof.json`, hostile text as text."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proof_documents import CASES, WARMUP, a_document, a_line, samples_of

from servable.prove import Proof
from servable.prove.page import proof_page
from servable.prove.page_latency import by_percentile
from servable.prove.page_load import load, time_of
from servable.prove.page_scope import unsaid
from servable.prove.parity import WorstRow
from servable.prove.samples import Outcome, Samples, from_npz
from servable.report import Figure, significant

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


def test_a_broken_gate_that_did_not_decide_is_no_alarm() -> None:
    samples = samples_of(late=6)
    document = a_document(samples)
    assert document["verdict"] == "INCONCLUSIVE"
    broken = [gate["id"] for gate in document["validity"]["gates"] if gate["ok"] is False]

    html = proof_page(document, samples)

    assert broken
    assert plain(html).count("no harm here: it spoils only a FAIL of") == len(broken)
    assert (
        'class="bad"' not in html.partition("<caption>Validity gates</caption>")[2].partition("</table>")[0]
    )
    assert "no harm here" not in plain(page_of("INVALID"))


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
    assert "44 of 48 answers are right before the load, 43 bit-equal; under load 493 of 493." in text
    assert "Right means each score equal as float32 or at most two units in the last place away" in text
    assert "application/json answered as application/json; cannot carry 3 of them alone 24 24 24 0" in text
    assert f"batch 24 20 19 2 {small}" in text
    assert "First failure: application/json, batch status <500>" in text


def test_the_golden_records_that_differ_most_stand_below() -> None:
    worst = (
        WorstRow(
            record=3, raw_difference=2e-7, calibrated_difference=0.25, expected_label="yes", label="yes"
        ),
        WorstRow(record=4, raw_difference=3e-7, calibrated_difference=1e-7, expected_label="yes", label="no"),
        WorstRow(record=5, raw_difference=1.0, calibrated_difference=0.5, expected_label="no", label="no"),
    )
    samples = samples_of()

    html = proof_page(a_document(samples, lines=(a_line(worst=worst), a_line(worst=worst))), samples)

    table = html.partition("<caption>The largest differences</caption>")[2].partition("</table>")[0]
    rows = [plain(f"</head>{row}").split() for row in table.partition("<tbody>")[2].split("</tr>")[:-1]]
    assert [row[0] for row in rows] == ["4", "4", "5", "5", "3"]
    assert rows[0][-2:] == ["no", "yes"]


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
    assert "Golden records 24 of the test split; some may be derived" in text
    assert "2026-01-01 00:00:00 UTC" in text


def test_it_gives_the_command_that_plans_the_same_run() -> None:
    samples = samples_of()
    document = a_document(samples, payload=[{"name": "a", "content_type": "text/csv", "failure": None}])
    document["plan"] = {**document["plan"], "rate_per_s": 120.0}
    document["target"] = {**document["target"], "kind": "process"}

    assert (
        "servable prove MODEL --payload PAYLOAD --expected-tps 100 --max-latency-ms 500 "
        "--max-error-rate 0.01 --content-types application/json --min-requests 473 --headroom 1.2 --seed 1"
    ) in plain(proof_page(document, samples))
    assert "servable prove MODEL --url URL --expected-tps 100 --max-latency-ms" in plain(page_of("PASS"))


def test_the_threads_of_the_endpoint_stand_there_if_it_tells() -> None:
    samples = samples_of()
    document = a_document(samples)
    identity = {"artifact": "sha256:0123456789abcdef", "process_start": "1", "threads": 2}
    document["target"] = {**document["target"], "before": identity, "after": identity}

    assert "Threads 2 computing one batch" in plain(proof_page(document, samples))
    assert "Threads" not in plain(page_of("PASS"))


@pytest.mark.parametrize("case", CASES)
def test_it_says_what_it_does_not_say(case: str) -> None:
    text = plain(page_of(case)).partition("What this does not say")[2]

    assert "It says nothing of more than 100 requests/s" in text
    assert "a chance of up to 5 %" in text
    assert "not that the model is right about the world" in text
    assert ("does not tell what it serves" in text) == (case != "INVALID, not reached")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": {"golden_source": "schema"}}, "none of them is a real one"),
        ({"target": {"colocated": False}}, "The network between prover and endpoint is in the latencies"),
        ({"target": {"colocated": True}}, "no network is in the latencies"),
        ({"latency_ms": {"response": {"p999": 5.0}}}, "are what was observed, without a bound"),
        ({"latency_ms": {"response": {"p999": None}}}, "too few requests to say anything of p99.9"),
    ],
)
def test_what_it_does_not_say_depends_on_what_was_proven(change: dict[str, Any], said: str) -> None:
    document, _ = CASES["PASS"]
    changed = {**document, **{key: {**document[key], **parts} for key, parts in change.items()}}

    assert any(said in item for item in unsaid(changed).items)


def test_the_load_is_drawn_with_what_is_planned_and_allowed() -> None:
    document, _ = CASES["FAIL"]
    rate = next(claim for claim in document["claims"] if claim["id"] == "rate")

    text = plain(page_of("FAIL"))

    assert "Offered and finished requests per second over time" in text
    assert f"planned, {rate['offered']:g}/s" in text
    assert f"allowed at the end, {significant(rate['in_flight_allowed'])}" in text
    assert "of these, errors" in text
    assert "of these, errors" not in plain(page_of("PASS"))


def test_the_load_figures_count_what_the_samples_hold() -> None:
    document, _ = CASES["PASS"]
    samples = samples_of()
    samples.done_ns[WARMUP : WARMUP + 100] = samples.scheduled_ns[WARMUP + 100]

    blocks = load(document, samples, x=time_of(document))

    described = [
        unescape(re.findall("<desc[^>]*>(.*?)</desc>", block.svg)[0]).replace("\N{NO-BREAK SPACE}", " ")
        for block in blocks
        if isinstance(block, Figure)
    ]
    assert re.match(r"Planned 100/s; offered .*, finished 0 to [\d,.]+/s, errors 0/s", described[0])
    assert described[1].startswith("At most 100 at once")


@pytest.mark.parametrize("case", ["PASS", "FAIL", "INVALID"])
def test_the_bound_that_is_drawn_is_that_of_the_claim(case: str) -> None:
    document, samples = CASES[case]
    claim = document["claims"][0]

    (figure,) = by_percentile(document, samples)

    assert isinstance(figure, Figure)
    assert 'path class="whisker"' in figure.svg
    assert f"reaches up to its bound, {significant(claim['p99_upper_ms'], 'ms')}." in figure.caption
    assert whisker_ms(figure.svg) == pytest.approx(claim["p99_upper_ms"], rel=0.02)


def whisker_ms(svg: str) -> float:
    """Where the whisker ends, read off a logarithmic axis between two of its ticks."""
    ticks = re.findall(r'class="tick end" x="[^"]*" y="([\d.]+)">([\d.,]+)<', svg)
    (low, first), (high, last) = (
        (float(y) - 4.5, float(text.replace(",", ""))) for y, text in (ticks[0], ticks[-1])
    )
    end = float(re.findall(r'class="whisker" d="M[\d.]+ [\d.]+V([\d.]+)', svg)[0])
    return float(first * (last / first) ** ((end - low) / (high - low)))


def test_too_few_requests_for_a_bound_are_said_to_be() -> None:
    samples = samples_of(100)

    text = plain(proof_page(a_document(samples), samples))

    assert "They are too few to bound p99." in text


def test_requests_that_were_never_answered_leave_no_bound() -> None:
    samples = samples_of()
    samples.done_ns[-20:] = -1
    samples.outcome[-20:] = Outcome.TIMEOUT

    text = plain(proof_page(a_document(samples), samples))

    assert "473 measured requests: answered correctly, or still unanswered at the limit." in text
    assert "Too many were never answered to bound p99." in text


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
