"""Configurations in files: YAML or JSON, by the ending of the name."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from servable.artifact import atomic_write, parse_json, pretty_json
from servable.errors import BadInput, NotFound, Problem
from servable.pipeline.configs.base import StepConfig

Config = TypeVar("Config", bound=StepConfig)

_YAML, _JSON = (".yaml", ".yml"), (".json",)


def load_config(config: type[Config], path: Path) -> Config:
    """The configuration in a file, a mapping of its parameters.

    Args:
        config: which one.
        path: ending in .yaml, .yml or .json.

    Raises:
        NotFound: `config.not-found`.
        BadInput: `config.file` for another ending or what is no mapping, and what the configuration raises,
            with the file's name.
    """
    _require_ending(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(
            _problem("config.not-found", path, "a file that can be read", error.strerror or "none")
        ) from error
    parameters = _parsed(path, data)
    if not isinstance(parameters, dict) or not all(isinstance(name, str) for name in parameters):
        raise BadInput(_problem("config.file", path, "a mapping of parameters", type(parameters).__name__))
    try:
        return config(**parameters)
    except BadInput as error:
        raise error.inside(path.name) from error


def save_config(config: StepConfig, path: Path) -> None:
    """Write a configuration to a file that `load_config` reads back to an equal one.

    Raises:
        BadInput: `config.file` for another ending.
    """
    _require_ending(path)
    plain = config.to_plain()
    text = pretty_json(plain) if path.suffix in _JSON else yaml.safe_dump(plain, sort_keys=False).encode()
    atomic_write(path, text)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # the package ships no types
    """YAML's own loader, but for keys that are repeated: it would keep the last one in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of a node."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(set(map(repr, keys))) < len(keys):
            raise yaml.YAMLError("a key that is there twice")
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _parsed(path: Path, data: bytes) -> object:
    if path.suffix in _JSON:
        return parse_json(data, where=path.name)
    try:
        return yaml.load(data, _Loader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(_problem("config.file", path, "YAML", f"something else ({error})")) from error


def _require_ending(path: Path) -> None:
    if path.suffix not in (*_YAML, *_JSON):
        raise BadInput(_problem("config.file", path, "a name that ends in .yaml, .yml or .json", path.name))


def _problem(code: str, path: Path, expected: str, found: str) -> Problem:
    return Problem(code=code, where=str(path), expected=expected, found=found, fix="correct the file")
