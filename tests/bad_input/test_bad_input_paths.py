"""Paths that do not exist, places that are taken, and verbs that do not work yet."""

from pathlib import Path

import pytest
from bad_input_cases import refusal, refusal_apart

from fixtures_models import ID, LABEL

TRAIN = ("--label", LABEL, "--id", ID, "--family", "xgboost", "--num-round", "2")
OBJECTIVE = ("--expected-tps", "10", "--max-latency-ms", "500", "--max-error-rate", "0.1")
NO_MODEL = (
    "error: absent: expected a folder or an archive (.tar.gz, .tar, .zip) with a model, found nothing; "
    "check the path\n"
)


@pytest.mark.slow
def test_train_refuses_a_table_that_does_not_exist(workshop: Path) -> None:
    message = refusal("train", "absent.csv", *TRAIN, "-o", "out", cwd=workshop)

    assert message == "error: absent.csv: expected a table in a file, found no such file; check the path\n"


@pytest.mark.slow
def test_pack_refuses_a_training_output_that_does_not_exist(workshop: Path) -> None:
    assert refusal("pack", "absent", "-o", "new.tar.gz", cwd=workshop) == NO_MODEL


def test_payload_refuses_an_artifact_that_does_not_exist(workshop: Path) -> None:
    message = refusal("payload", "absent", "-o", "new.tar.gz", cwd=workshop)

    assert message == (
        "error: absent: expected an artifact: a .tar.gz or a directory, found nothing; check the path\n"
    )


def test_serve_refuses_an_artifact_that_does_not_exist(workshop: Path) -> None:
    assert refusal_apart("serve", "absent", "--port", "0", cwd=workshop) == NO_MODEL


def test_prove_refuses_an_artifact_that_does_not_exist(workshop: Path) -> None:
    assert refusal("prove", "absent", *OBJECTIVE, cwd=workshop) == NO_MODEL


def test_predict_refuses_an_artifact_that_does_not_exist(workshop: Path) -> None:
    assert refusal("predict", "absent", "customers.csv", "-o", "scores.csv", cwd=workshop) == NO_MODEL


def test_predict_refuses_a_table_that_does_not_exist(workshop: Path) -> None:
    message = refusal("predict", "model.tar.gz", "absent.csv", "-o", "scores.csv", cwd=workshop)

    assert message == "error: absent.csv: expected a table in a file, found no such file; check the path\n"


def test_inspect_refuses_an_artifact_that_does_not_exist(workshop: Path) -> None:
    assert refusal("inspect", "absent", cwd=workshop) == NO_MODEL


def test_prove_refuses_a_payload_that_does_not_exist(workshop: Path) -> None:
    message = refusal("prove", "model.tar.gz", *OBJECTIVE, "--payload", "absent", cwd=workshop)

    assert message == (
        "error: absent: expected a payload archive, or a folder with its files, found nothing; check "
        "the path\n"
    )


def test_recheck_refuses_a_folder_that_does_not_exist(workshop: Path) -> None:
    message = refusal("prove", "--recheck", "absent", cwd=workshop)

    assert message == (
        "error: absent/proof.json: expected a file of a proof, found none that can be read; "
        "give the folder that `servable prove` wrote\n"
    )


@pytest.mark.slow
def test_train_refuses_to_write_into_a_folder_that_holds_something(workshop: Path) -> None:
    message = refusal("train", "customers.csv", *TRAIN, "-o", "trained", cwd=workshop)

    assert message == (
        "error: trained: expected an empty folder, or nothing, found a folder that holds something; "
        "remove it, or choose another place\n"
    )


@pytest.mark.slow
def test_train_refuses_to_write_where_a_file_is(workshop: Path) -> None:
    message = refusal("train", "customers.csv", *TRAIN, "-o", "model.tar.gz", cwd=workshop)

    assert message == (
        "error: model.tar.gz: expected an empty folder, or nothing, found a file; "
        "remove it, or choose another place\n"
    )


@pytest.mark.slow
def test_pack_refuses_to_write_into_a_folder_that_does_not_exist(workshop: Path) -> None:
    message = refusal("pack", "trained", "-o", "absent/new.tar.gz", cwd=workshop)

    assert message == (
        "error: absent/new.tar.gz: expected a place in a folder that exists, found no folder absent; "
        "make the folder, or choose another place\n"
    )


@pytest.mark.slow
def test_pack_refuses_an_output_that_is_no_archive_by_its_name(workshop: Path) -> None:
    message = refusal("pack", "trained", "-o", "new.zip", cwd=workshop)

    assert message == (
        "error: output: expected a name that ends in .tar.gz, found new.zip; pass `-o model.tar.gz`\n"
    )


@pytest.mark.slow
def test_pack_refuses_what_is_packed_already(workshop: Path) -> None:
    message = refusal("pack", "model.tar.gz", "-o", "new.tar.gz", cwd=workshop)

    assert message == (
        "error: model.tar.gz: expected a training output, "
        "found an artifact that is packed already; serve it\n"
    )


def test_prove_refuses_a_training_output(workshop: Path) -> None:
    message = refusal("prove", "trained", *OBJECTIVE, cwd=workshop)

    assert message == (
        "error: the proof's golden: expected a packed artifact, found a training output; "
        "pack it with `servable pack`\n"
    )


def test_prove_refuses_to_replace_a_folder_that_is_no_proof(workshop: Path) -> None:
    message = refusal("prove", "model.tar.gz", *OBJECTIVE, "-o", "trained", cwd=workshop)

    assert message == (
        "error: trained: expected no folder, an empty one, or one with an older proof, "
        "found a folder that holds something else; choose another place for the proof\n"
    )


@pytest.mark.slow
def test_demo_refuses_a_folder_that_no_demo_made(workshop: Path) -> None:
    message = refusal_apart("demo", "-o", "trained", cwd=workshop)

    assert message == (
        "error: trained: expected a folder that is empty or that an earlier demo wrote, found other files; "
        "pass another folder with `-o`\n"
    )


def test_prove_refuses_a_rate_of_zero(workshop: Path) -> None:
    limits = ("--expected-tps", "0", "--max-latency-ms", "500", "--max-error-rate", "0.1")

    message = refusal("prove", "model.tar.gz", *limits, cwd=workshop)

    assert message == (
        "error: objective, rate: expected a number of requests per second above 0 and at most 1e6, "
        "found 0.0; correct the limit\n"
    )


@pytest.mark.parametrize("missing", ["--expected-tps", "--max-latency-ms", "--max-error-rate"])
def test_prove_names_the_limit_that_is_missing(missing: str, workshop: Path) -> None:
    at = OBJECTIVE.index(missing)

    message = refusal("prove", "model.tar.gz", *OBJECTIVE[:at], *OBJECTIVE[at + 2 :], cwd=workshop)

    assert message == (f"error: Missing option '{missing}'.\n")


@pytest.mark.parametrize("verb", ["pipeline", "register", "registry", "deploy"])
def test_a_verb_that_is_not_built_yet_refuses_in_words(verb: str, tmp_path: Path) -> None:
    message = refusal(verb, "model.tar.gz", cwd=tmp_path)

    assert message == (
        f"error: `servable {verb}` is not built yet; built are train, calibrate, evaluate, pack, payload, "
        "serve, prove, predict, inspect, explain, diff, drift, demo\n"
    )


def test_an_unknown_verb_is_refused(tmp_path: Path) -> None:
    message = refusal_apart("fly", cwd=tmp_path)

    assert message == ("error: No such command 'fly'.\n")
