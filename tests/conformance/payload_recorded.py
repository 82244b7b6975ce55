"""A folder of recorded runs of the payload script, and the two kinds of answer that a run can have."""

import json
import pydoc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

Content: TypeAlias = "str | list[dict[str, str]]"
"""Text of a JSON object or a CSV row, byte for byte; records, where only their values are settled."""

RECORDED_VERSION: Final = "seed_version"
CASE, ANSWER = "case.json", "answer.json"


@dataclass(frozen=True, slots=True)
class Samples:
    """The files of an archive.

    Attributes:
        files: name and content in the order of the archive.
    """

    files: tuple[tuple[str, Content], ...]

    def __str__(self) -> str:
        return json.dumps(dict(self.files), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A run that ended with an exception.

    Attributes:
        kinds: names of the exception's class and of those that it is derived from; of a refusal that is
            asked for, the one name that must be among them.
        says: what stands in its text; of a refusal that is asked for, all that must.
    """

    kinds: tuple[str, ...]
    says: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kinds[0]}: {', '.join(self.says)}"


Answer: TypeAlias = Samples | Refusal


def agrees(found: Answer, wanted: Answer) -> bool:
    """Whether files are equal in order, name and content, or a refusal has the kind and says what it must."""
    if isinstance(found, Refusal) and isinstance(wanted, Refusal):
        said = "\n".join(found.says)
        return wanted.kinds[0] in found.kinds and all(part in said for part in wanted.says)
    return found == wanted


def refusal(error_type: type, message: str) -> Refusal:
    """What an exception of this class says."""
    return Refusal(tuple(kind.__name__ for kind in error_type.__mro__), (message,))


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadCase:
    """One recorded run.

    Attributes:
        environ: the settings; `clock` is their moment.
        model_dir: the input, None where the run was given no such path.
        has_output_dir: whether it was given one for the output.
        recorded: how it ended.
    """

    name: str
    environ: Mapping[str, str]
    model_dir: Path | None
    has_output_dir: bool
    clock: str
    recorded: Answer


def payload_folder(root: Path) -> Path | None:
    """The folder with recorded runs of the script: below the given one, or itself; None without any."""
    for folder in (root / "payload", root):
        if next(folder.glob(f"cases/*/{ANSWER}"), None):
            return folder
    return None


def payload_case_folders(folder: Path) -> list[Path]:
    """Every folder of a case, also of one whose files are not what they should be."""
    return sorted(path for path in (folder / "cases").iterdir() if path.is_dir())


def read_payload_case(folder: Path) -> PayloadCase:
    """The case of a folder.

    Raises:
        OSError, ValueError, KeyError: it has another form.
    """
    case, answer = (json.loads((folder / name).read_text()) for name in (CASE, ANSWER))
    model_dir = folder / (case["model_dir"] or "no-such-directory") if case["has_model_input"] else None
    return PayloadCase(
        name=folder.name,
        environ=case["env"],
        model_dir=model_dir,
        has_output_dir=case["has_output_dir"],
        clock=case["clock"],
        recorded=_recorded(answer[RECORDED_VERSION]),
    )


def _recorded(answer: Mapping[str, Any]) -> Answer:
    if (found := answer.get("exception")) is None:
        return Samples(tuple((name, answer["files"][name]) for name in answer["archive_members"]))
    error_type = pydoc.locate(found["type"])
    if isinstance(error_type, type):
        return refusal(error_type, found["message"])
    return Refusal((found["type"].rpartition(".")[2],), (found["message"],))
