"""The environment as settings."""

import re
from pathlib import Path

import pytest

from servable.errors import BadInput
from servable.serve import Settings, read_settings

SOURCES = Path(__file__).parents[2] / "src" / "servable" / "serve"


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read_settings({})

    assert settings == Settings(
        host="127.0.0.1", port=8080, max_body_bytes=6_553_600, default_accept="application/json"
    )


def test_a_hosting_platform_sets_port_body_limit_and_answer_type() -> None:
    settings = read_settings(
        {
            "SAGEMAKER_BIND_TO_PORT": "9000",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": "25",
            "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv",
        }
    )

    assert settings == Settings(
        host="0.0.0.0",  # noqa: S104
        port=9000,
        max_body_bytes=25 * 1024 * 1024,
        default_accept="text/csv",
    )


def test_in_a_pod_every_address_is_served() -> None:
    assert read_settings({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}).host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("value", ["", "http", "0", "65536", "-1", "8080.0", "\u0664\u0662"])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_settings({"SAGEMAKER_BIND_TO_PORT": value})

    assert str(refused.value) == (
        "environment variable SAGEMAKER_BIND_TO_PORT: expected a whole number from 1 to 65535, "
        f"found {value!r}; set it to such a number, or unset it"
    )


def test_no_other_module_of_the_server_reads_the_environment() -> None:
    readers = {path.name for path in SOURCES.glob("*.py") if re.search(r"environ|getenv", path.read_text())}

    assert readers == {"settings.py"}
