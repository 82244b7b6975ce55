"""Proofs with golden answers of a payload: what answers a file or an illegal request wrongly, fails."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_payloads import (
    CASES,
    IN_WORDS,
    JSON_FILE,
    REFUSED,
    right_answers,
    some_answers,
    write_golden,
    write_payload,
)
from msgspec.structs import replace
from proof_documents import a_document, a_payload, a_payload_line, samples_of
from prove_doubles import (
    GENEROUS,
    RECORDS,
    TableAnswer,
    a_run,
    claims_of,
    command,
    golden_set,
    prove_briefly,
    prove_undisturbed,
    running,
    write_artifact,
    write_table,
)

from fixtures_models import run
from servable.artifact import read_artifact, write_tar_gz
from servable.codecs import Answer
from servable.errors import BadInput, Damaged
from servable.payload import GoldenAnswers, read_payload
from servable.payload.golden.sidecar import write_answers
from servable.progress import silent
from servable.prove import Objective, Verdict, recheck
from servable.prove.ammunition import Body, payload_body, settle
from servable.prove.endpoint import parse_target
from servable.prove.load import LoadRecord
from servable.prove.parity import Expected, ParityRule, Within, compare
from servable.prove.payload_claims import payload_claim, refusal_claim
from servable.prove.payload_files import golden_rule, payload_files
from servable.prove.payload_lines import PayloadLine, payload_lines
from servable.prove.proof import Proof
from servable.prove.reasons import reasons
from servable.prove.refusals import RefusalLine, ask_illegal, probe_of
from servable.prove.replay import ask_payload
from servable.prove.samples import Outcome, Samples
from servable.prove.subject import read_subject
from servable.prove.summary import summary_lines

pytestmark = [pytest.mark.alone, pytest.mark.slow]

FAST = Objective(rate_per_s=400, max_latency_ms=1000, max_error_rate=0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, artifact: Path) -> Path:
    """A payload and its golden answers."""
    made = tmp_path_factory.mktemp("payload")
    write_payload(made)
    write_golden(made, artifact)
    return made


def allowing(answers: GoldenAnswers, *, raw: float = 1e-4, calibrated: float = 1e-4) -> GoldenAnswers:
    """The same with other limits, those of calibrated scores for the first file."""
    document = answers.document
    first = replace(document.files[0], calibrated_within=calibrated)
    document = replace(
        document, tolerance=replace(document.tolerance, raw=raw), files=(first, *document.files[1:])
    )
    return replace(answers, document=document)


def moved(answer: TableAnswer, *, by: float) -> TableAnswer:
    """A JSON answer with another raw score."""
    plain = json.loads(answer[0])
    score = float(plain["predictions"][0]["legacy-score"])
    plain["predictions"][0]["legacy-score"] = str(score + by)
    return json.dumps(plain), answer[1], answer[2]


def proven(
    folder: Path, artifact: Path, output: Path, others: dict[bytes, TableAnswer], **options: Any
) -> Proof:
    """The proof of an endpoint that answers by a table, in which some answers were exchanged."""
    answers = {**right_answers(folder, artifact), **REFUSED, **others}
    table = write_table(output.with_suffix(".json"), artifact, others=answers)
    return prove_undisturbed(
        table,
        artifact,
        output,
        fault="none",
        objective=FAST,
        payload=folder / "payload.tar.gz",
        golden=folder / "golden.tar.gz",
        **options,
    )


class TestProofs:
    @pytest.fixture(scope="class")
    @classmethod
    def sound(cls, folder: Path, artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Proof:
        """The proof of an endpoint that does everything right."""
        return proven(folder, artifact, tmp_path_factory.mktemp("sound") / "proof", {})

    def test_right_answers_and_right_refusals_pass(self, sound: Proof) -> None:
        claims = claims_of(sound)

        assert sound.verdict is Verdict.PASS
        assert list(claims) == ["latency_p99", "error_rate", "rate", "golden", "payload", "refusals"]
        assert (claims["payload"]["right"], claims["payload"]["files"], claims["payload"]["records"]) == (
            2,
            2,
            3,
        )
        assert claims["payload"]["under_load"] > 50
        assert claims["refusals"]["named"] == claims["refusals"]["lived_on"] == 2

    def test_it_can_be_judged_again_and_names_golden_answers_reference_and_cases(
        self, sound: Proof, folder: Path, artifact: Path
    ) -> None:
        document = sound.document

        found = document["payload_golden"]
        assert recheck(sound.path).document == document
        assert document["schema"] == "servable.proof/v2"
        assert found["digest"] == some_answers(folder, artifact).document.digest
        assert (found["reference"], found["rule"], found["raw_within"]) == ("xgboost", "within", 1e-4)
        assert {file["name"]: file["case"] for file in found["lines"]} == CASES
        assert "payload" not in document

    def test_its_summary_and_its_page_show_cases_and_refusals(self, sound: Proof) -> None:
        lines, page = sound.summary_lines(), (sound.path / "proof.html").read_text()

        under_load = claims_of(sound)["payload"]["under_load"]
        assert (
            f"payload  PASS: 2 of 2 files answered rightly before and {under_load} of {under_load} requests "
            "under load"
        ) in lines
        assert (
            "refusals PASS: 2 of 2 illegal requests refused as they must be, and the server lived on after 2"
        ) in lines
        assert all(case in page for case in (*CASES.values(), "number-in-words", "broken-json"))
        assert "--payload PAYLOAD --golden GOLDEN" in page

    @pytest.mark.parametrize(
        "change",
        [
            lambda proof: proof["payload_golden"]["lines"][0].update(failure="wrong"),
            lambda proof: proof["payload_golden"]["refusals"][0].update(lives_on=False),
            lambda proof: proof["payload_golden"]["lines"].pop(),
            lambda proof: proof["payload_golden"].update(illegal=3),
            lambda proof: proof["payload_golden"].pop("digest"),
            lambda proof: proof.pop("payload_golden"),
            lambda proof: proof.update(schema="servable.proof/v1"),
            lambda proof: proof["claims"].pop(),
        ],
    )
    def test_a_proof_that_says_something_else_of_the_payload_is_refused(
        self, sound: Proof, tmp_path: Path, change: Any
    ) -> None:
        document = json.loads(json.dumps(sound.document))
        change(document)
        (tmp_path / "proof.json").write_text(json.dumps(document))
        (tmp_path / "samples.npz").write_bytes((sound.path / "samples.npz").read_bytes())

        with pytest.raises(Damaged):
            recheck(tmp_path)

    def test_a_wrong_answer_to_one_file_fails_although_it_is_the_same_each_time(
        self, folder: Path, artifact: Path, tmp_path: Path
    ) -> None:
        wrong = moved(right_answers(tmp_path, artifact)[JSON_FILE], by=0.001)

        proof = proven(folder, artifact, tmp_path / "proof", {JSON_FILE: wrong})

        claim = claims_of(proof)["payload"]
        assert proof.verdict is Verdict.FAIL
        # wrong answers are errors, too, but golden records were answered rightly
        assert proof.document["verdict_reason"] == ["error_rate", "payload"]
        assert (claim["right"], claim["verdict"]) == (1, "FAIL")
        assert claim["max_abs_raw"] == pytest.approx(0.001, abs=1e-5)
        assert claim["wrong_under_load"] > 0
        assert (
            "payload payload_application_json_0.json (typical): 1 of 1 records differ from the golden answer "
            "before load"
        ) in proof.summary_lines()
        assert recheck(proof.path).verdict is Verdict.FAIL

    def test_an_endpoint_that_dies_of_an_illegal_request_fails_without_a_load(
        self, folder: Path, artifact: Path, tmp_path: Path
    ) -> None:
        answers = {**right_answers(tmp_path, artifact), **REFUSED, IN_WORDS: ("", "", 0)}
        table = write_table(tmp_path / "table.json", artifact, others=answers)

        proof = prove_briefly(
            artifact,
            tmp_path / "proof",
            objective=GENEROUS,
            payload=folder / "payload.tar.gz",
            golden=folder / "golden.tar.gz",
            launch=lambda _, port: command(table, artifact, port=port),
        )

        assert proof.verdict is Verdict.FAIL
        assert proof.document["verdict_reason"] == ["error_rate", "refusals"]
        assert claims_of(proof)["refusals"]["lived_on"] == 0
        assert proof.document["samples"]["rows"] == 0


class TestWithoutALoad:
    """What one endpoint answers before the load, with no load after it."""

    @pytest.mark.parametrize(
        ("answer", "failure"),
        [
            (('{"predictions": []}', "application/json", 200), "status 200 instead of 400"),
            (('{"error": "field \\"age\\""}', "application/json", 500), "status 500 instead of 400"),
            (
                ('{"error": "something is wrong"}', "application/json", 400),
                "an error that does not name record 0 and the field 'age'",
            ),
            (
                ('{"error": "record 0, average \\"town\\""}', "application/json", 400),
                "an error that does not name record 0 and the field 'age'",
            ),
            (
                ('{"error": "record 1, field \\"age\\""}', "application/json", 400),
                "an error that does not name record 0 and the field 'age'",
            ),
            (('record 0, field "age"', "text/plain", 400), "an answer without the text of an error"),
            (('{"error": " "}', "application/json", 400), "an answer without the text of an error"),
        ],
    )
    def test_a_wrong_refusal_is_told_with_what_came(
        self, folder: Path, artifact: Path, tmp_path: Path, answer: TableAnswer, failure: str
    ) -> None:
        first, second = self.refusals(folder, artifact, tmp_path, {IN_WORDS: answer})

        assert (first.case, first.failure, first.answer) == ("number-in-words", failure, answer[0])
        assert second.failure is None
        assert refusal_claim([first, second]).verdict == "FAIL"

    def test_an_endpoint_that_is_not_ours_need_not_name_the_record(
        self, folder: Path, artifact: Path, tmp_path: Path
    ) -> None:
        answer = ('{"error": "field \\"age\\""}', "application/json", 400)

        lines = self.refusals(folder, artifact, tmp_path, {IN_WORDS: answer}, is_own_endpoint=False)

        assert [(line.record, line.failure) for line in lines] == [(None, None), (None, None)]

    def test_a_server_that_no_longer_answers_golden_records_does_not_live_on(
        self, folder: Path, artifact: Path, tmp_path: Path
    ) -> None:
        record = (read_artifact(artifact).golden or pytest.fail("no golden records")).requests[0]
        broken: TableAnswer = ("{}", "application/json", 500)

        lines = self.refusals(folder, artifact, tmp_path, {record: broken})

        assert [line.lives_on for line in lines] == [False, False]
        assert {line.failure for line in lines} == {"a golden record right after it was not answered rightly"}
        assert refusal_claim(lines).verdict == "FAIL"

    @pytest.mark.parametrize(("by", "verdict"), [(0.00009, "PASS"), (0.0002, "FAIL")])
    def test_a_file_may_be_as_far_from_its_golden_answer_as_the_tolerance_says(
        self, folder: Path, artifact: Path, tmp_path: Path, by: float, verdict: str
    ) -> None:
        answers = right_answers(tmp_path, artifact)
        answers[JSON_FILE] = moved(answers[JSON_FILE], by=by)

        lines = self.files(folder, artifact, tmp_path, answers)

        assert payload_claim(lines, Samples.empty()).verdict == verdict
        assert lines[0].max_abs_raw == pytest.approx(by, abs=1e-6)

    def test_an_answer_with_too_few_records_is_wrong(
        self, folder: Path, artifact: Path, tmp_path: Path
    ) -> None:
        answers = right_answers(tmp_path, artifact)
        (csv,) = (body for body in answers if body != JSON_FILE)
        answers[csv] = (answers[csv][0].splitlines()[0] + "\n", "text/csv", 200)

        _, line = self.files(folder, artifact, tmp_path, answers)

        assert (line.acceptable, line.failure) == (0, "an answer without scores of every record")

    def refusals(
        self,
        folder: Path,
        artifact: Path,
        tmp_path: Path,
        others: dict[bytes, TableAnswer],
        *,
        is_own_endpoint: bool = True,
    ) -> tuple[RefusalLine, ...]:
        table = write_table(tmp_path / "table.json", artifact, others={**REFUSED, **others})
        with running(table, artifact) as url:
            target = parse_target(url)
            return ask_illegal(
                some_answers(folder, artifact),
                probe=self.probe(artifact, url),
                target=target,
                is_own_endpoint=is_own_endpoint,
                progress=silent,
            )

    def probe(self, artifact: Path, url: str) -> Body:
        subject = read_subject(
            artifact, content_types=["application/json"], payload=None, golden=None, is_own_endpoint=False
        )
        return probe_of(
            subject.golden, predictions=subject.predictions, target=parse_target(url), rule=subject.rule
        )

    def files(
        self, folder: Path, artifact: Path, tmp_path: Path, answers: dict[bytes, TableAnswer]
    ) -> tuple[PayloadLine, ...]:
        table = write_table(tmp_path / "table.json", artifact, others=answers)
        files = payload_files(
            read_payload(folder / "payload.tar.gz"),
            answers=some_answers(folder, artifact),
            rule=ParityRule.OTHER_MACHINE,
        )
        with running(table, artifact) as url:
            return payload_lines(files, ask_payload(files, target=parse_target(url), progress=silent))


class TestUnderLoad:
    """What an answer to a file comes to, without an endpoint."""

    @pytest.mark.parametrize(
        "answer",
        [
            b'{"predictions": []}',
            b"<html>welcome</html>",
            b'{"predictions": [{"prob_01": "0.2", "prob_02": "0.3", "prob_03": "0.5", "calibrated_prob_01": '
            b'"0.2", "calibrated_prob_02": "0.3", "calibrated_prob_03": "0.5", "output-label": "class-2"}]}',
        ],
    )
    def test_other_records_other_classes_and_no_scores_at_all_are_wrong_answers(
        self, folder: Path, artifact: Path, answer: bytes
    ) -> None:
        files = payload_files(
            read_payload(folder / "payload.tar.gz"),
            answers=some_answers(folder, artifact),
            rule=ParityRule.OTHER_MACHINE,
        )
        target = parse_target("http://127.0.0.1:1")
        body = payload_body(files[0], target=target, first=Outcome.TIMEOUT)
        record = LoadRecord(samples=a_run(1), unsettled={(0, answer): [0]})

        settle(record, [body])

        assert record.samples.outcome.tolist() == [Outcome.WRONG]
        assert payload_claim((a_payload_line("a.json"),), record.samples).verdict == "FAIL"

    def test_without_a_known_answer_what_has_no_scores_is_malformed(self, folder: Path) -> None:
        files = payload_files(
            read_payload(folder / "payload.tar.gz"), answers=None, rule=ParityRule.OTHER_MACHINE
        )
        body = payload_body(files[0], target=parse_target("http://127.0.0.1:1"), first=Outcome.TIMEOUT)
        record = LoadRecord(samples=a_run(1), unsettled={(0, b"<html>"): [0]})

        settle(record, [body])

        assert record.samples.outcome.tolist() == [Outcome.MALFORMED]


class TestClaims:
    def test_a_file_that_is_said_to_be_right_with_a_wrong_record_fails(self) -> None:
        line = a_payload_line("a.json", records=3, acceptable=2, failure=None)

        claim = payload_claim((line,), Samples.empty())

        assert (claim.right, claim.verdict) == (0, "FAIL")

    def test_without_illegal_requests_the_claim_on_them_is_open(self) -> None:
        document = a_document(samples_of(), answers=a_payload(a_payload_line("a.json")))

        assert document["verdict"] == Verdict.INCONCLUSIVE
        assert document["verdict_reason"] == ["refusals"]
        assert "refusals NOT EVALUATED: the golden answers hold no illegal request" in summary_lines(
            document, where="proof.json"
        )
        assert reasons(document) == ("Refusals: no illegal request was sent, so nothing is known of them.",)

    def test_files_that_were_not_asked_have_no_lines_and_some_alone_cannot_be(
        self, folder: Path, artifact: Path
    ) -> None:
        files = payload_files(
            read_payload(folder / "payload.tar.gz"), answers=None, rule=ParityRule.OTHER_MACHINE
        )

        assert payload_lines(files, []) == ()
        with pytest.raises(ValueError, match="shorter"):
            payload_lines(files, [Outcome.TIMEOUT])


class TestRefusedBeforehand:
    def test_golden_answers_without_their_payload_are_refused_by_the_command(
        self, folder: Path, artifact: Path, tmp_path: Path
    ) -> None:
        limits = ("--expected-tps", "10", "--max-latency-ms", "10", "--max-error-rate", "0")

        ran = run("prove", artifact, "--golden", folder / "golden.tar.gz", *limits, cwd=tmp_path)

        assert ran.exit_code == 2
        assert ran.stderr == (
            "error: the proof's payload: expected the payload that the golden answers are of, found none; "
            "pass `--payload`, too\n"
        )
        assert list(tmp_path.iterdir()) == []

    def test_golden_answers_of_another_artifact_or_another_payload_are_refused(
        self, folder: Path, artifact: Path, tmp_path: Path
    ) -> None:
        other = write_artifact(tmp_path / "other", golden_set(RECORDS - 1))
        archive = tmp_path / "payload.tar.gz"
        write_tar_gz(archive, {"payload_application_json_0.json": JSON_FILE})

        codes = [
            self.refused(other, folder / "payload.tar.gz", folder / "golden.tar.gz"),
            self.refused(artifact, archive, folder / "golden.tar.gz"),
        ]

        assert codes == ["golden.artifact", "golden.payload"]

    @pytest.mark.parametrize("more", [{"raw": 2e-4}, {"calibrated": 1.1e-4}, {"raw": 1.0, "calibrated": 1.0}])
    def test_golden_answers_that_allow_more_than_the_artifact_are_refused(
        self, folder: Path, artifact: Path, tmp_path: Path, more: dict[str, float]
    ) -> None:
        golden = tmp_path / "golden.tar.gz"
        write_answers(golden, allowing(some_answers(folder, artifact), **more))

        assert self.refused(artifact, folder / "payload.tar.gz", golden) == "golden.tolerance"

    def test_a_golden_answer_that_is_none_is_damage(self, folder: Path, artifact: Path) -> None:
        answers = some_answers(folder, artifact)
        (name, *_) = (file.response.file for file in answers.document.files)
        broken = GoldenAnswers(document=answers.document, bodies={**answers.bodies, name: b"{}"})

        with pytest.raises(Damaged, match="golden answer to payload_application_json_0"):
            payload_files(read_payload(folder / "payload.tar.gz"), answers=broken, rule=ParityRule.SAME_BUILD)

    def refused(self, artifact: Path, payload: Path, golden: Path) -> str:
        with pytest.raises(BadInput) as refused:
            read_subject(
                artifact,
                content_types=["application/json"],
                payload=payload,
                golden=golden,
                is_own_endpoint=False,
            )
        return refused.value.code


class TestRules:
    """By which rule an answer is compared with a golden one."""

    @pytest.mark.parametrize(
        ("reference", "libraries", "expected"),
        [
            ("xgboost", {"numpy": np.__version__}, None),
            ("packed", {"numpy": np.__version__}, ParityRule.SAME_BUILD),
            ("packed", {"numpy": "0.1"}, ParityRule.OTHER_MACHINE),
        ],
    )
    def test_only_the_packed_engine_of_the_same_libraries_must_be_bit_equal(
        self,
        folder: Path,
        artifact: Path,
        reference: str,
        libraries: dict[str, str],
        expected: ParityRule | None,
    ) -> None:
        answers = some_answers(folder, artifact, reference=reference)
        document = replace(answers.document, libraries=libraries)

        found = golden_rule(replace(answers, document=document), ParityRule.SAME_BUILD)

        assert found is expected

    @pytest.mark.parametrize(
        ("expected", "served", "is_right"),
        [
            (0.50005, 0.49996, True),  # as close to each other as the engines may be
            (0.5004, 0.4996, False),
            (0.5004, 0.50035, True),
        ],
    )
    def test_another_label_is_right_only_where_the_classes_lie_that_close(
        self, expected: float, served: float, is_right: bool
    ) -> None:
        golden, answer = (
            Answer(
                raw=np.array([[score]]), calibrated=np.array([[score]]), labels=(f"class-{int(score > 0.5)}",)
            )
            for score in (expected, served)
        )

        found = compare(Expected.of_answer(golden), answer, Within(raw=1e-4, calibrated=1e-4))

        assert found is not None
        assert found.acceptable.tolist() == [is_right]

    def test_calibrated_scores_of_a_file_have_a_limit_of_their_own(
        self, folder: Path, artifact: Path
    ) -> None:
        files = payload_files(
            read_payload(folder / "payload.tar.gz"),
            answers=allowing(some_answers(folder, artifact), calibrated=3e-4),
            rule=ParityRule.SAME_BUILD,
        )

        assert [file.rule for file in files] == [
            Within(raw=1e-4, calibrated=3e-4),
            Within(raw=1e-4, calibrated=1e-4),
        ]
