"""What the environment of a hosting platform says about serving.

Source: the hosting contract of SageMaker (`SAGEMAKER_*`) and of Kubernetes (`KUBERNETES_SERVICE_HOST`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from servable.codecs import ANSWER_TYPES
from servable.errors import BadInput, Problem, shown
from servable.serve.limits import Limits

DEFAULT_PORT = 8080
_LOOPBACK, _EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104  # only where a platform routes to us
_BIND, _PAYLOAD = "SAGEMAKER_BIND_TO_PORT", "SAGEMAKER_MAX_PAYLOAD_IN_MB"
_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Defaults for serving here; what a person says on the command line wins over them.

    Attributes:
        host: 127.0.0.1, or every address where a platform names a port or runs a pod.
        port: 8080, or the platform's.
        max_body_bytes: the limit of a request's body.
        default_accept: content type of an answer to a caller who does not care.
    """

    host: str = _LOOPBACK
    port: int = DEFAULT_PORT
    max_body_bytes: int = Limits().max_body_bytes
    default_accept: str = "application/json"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that an environment (by default this process's own) asks for.

    Raises:
        BadInput: `serve.environment`, naming the variable whose value cannot be used.
    """
    env = os.environ if environ is None else environ
    payload = _integer(env, _PAYLOAD, lowest=1, highest=1024)
    port = _integer(env, _BIND, lowest=1, highest=65_535)
    is_hosted = _BIND in env or "KUBERNETES_SERVICE_HOST" in env
    return Settings(
        host=_EVERYWHERE if is_hosted else _LOOPBACK,
        port=DEFAULT_PORT if port is None else port,
        max_body_bytes=Settings().max_body_bytes if payload is None else payload * 1024 * 1024,
        default_accept=_answer_type(env.get(_ACCEPT) or Settings().default_accept),
    )


def _answer_type(text: str) -> str:
    if text not in ANSWER_TYPES:
        raise BadInput(
            Problem(
                code="serve.environment",
                where=f"environment variable {_ACCEPT}",
                expected=f"one of {', '.join(ANSWER_TYPES)}",
                found=shown(text),
                fix="set it to such a type, or unset it",
            )
        )
    return text


def _integer(env: Mapping[str, str], name: str, *, lowest: int, highest: int) -> int | None:
    """The whole number that a variable holds, or None if it is not set."""
    text = env.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
        raise BadInput(
            Problem(
                code="serve.environment",
                where=f"environment variable {name}",
                expected=f"a whole number from {lowest} to {highest}",
                found=shown(text),
                fix="set it to such a number, or unset it",
            )
        )
    return int(text)
