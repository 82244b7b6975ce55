"""A booster alone, without the files of its training: one model file, and a list of its columns."""

from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar

from servable.artifact.artifact import Artifact, EngineFile
from servable.artifact.boosters import BoosterFacts, booster_facts, looks_like_booster
from servable.artifact.damage import DamageLog
from servable.artifact.feature_columns import FEATURE_COLUMNS, format_feature_columns, parse_feature_columns
from servable.artifact.files import Files, MemoryFiles
from servable.artifact.hyperparameters import null_spellings
from servable.artifact.safe import Limits
from servable.artifact.training_facts import training_digest
from servable.errors import BadInput, Damaged, NotFound, Problem, ServableError, shown
from servable.schema import Field, Kind, Schema

ENDINGS: Final = (".bst", ".ubj", ".json", ".txt", ".model")
_OF_OTHERS_TOO: Final = (".json", ".txt")
_START_BYTES: Final = 256
_GIVEN: Final = "--columns"
"""The list of columns that a caller gave: under this name no training writes one beside its tables."""

_LISTS: Final = (_GIVEN, FEATURE_COLUMNS)

_Error = TypeVar("_Error", bound=ServableError)


def is_model_file(path: Path) -> bool:
    """Whether a path names a booster's file and no archive, by its ending."""
    return path.suffix in ENDINGS and path.is_file()


def open_model_file(path: Path) -> Files:
    """A booster's file as the only one of an artifact.

    Raises:
        Damaged: `artifact.folder` if it is larger than a file of an artifact may be.
    """
    most = Limits().member_bytes
    if path.stat().st_size > most:
        raise Damaged(
            Problem(
                code="artifact.folder",
                where=path.name,
                expected=f"at most {most} bytes",
                found="more",
                fix="name the file that training wrote",
            )
        )
    return MemoryFiles({path.name: path.read_bytes()})


def bare_booster(files: Files) -> str | None:
    """The booster's file where there is nothing else but a list of its columns; else None."""
    others = [name for name in files.names() if name not in _LISTS]
    ending = PurePosixPath(others[0]).suffix if len(others) == 1 else None
    if ending in _OF_OTHERS_TOO:
        return others[0] if looks_like_booster(files.read(others[0])[:_START_BYTES]) else None
    return others[0] if ending in ENDINGS else None


def with_columns(files: Files, columns: Path) -> Files:
    """A booster's file together with the list of its columns.

    Args:
        files: of the booster, and nothing else but another list.
        columns: a text file, as `feature_columns.txt` or with one name a line.

    Raises:
        BadInput: `artifact.columns` if there is no such list, or more than a booster.
        NotFound: `artifact.columns`.
    """
    others = [name for name in files.names() if name not in _LISTS]
    if len(others) != 1:
        expected, found = (
            "one file with a booster, to which a list of columns belongs",
            f"{len(others)} files",
        )
        raise BadInput(_problem("columns", expected, found, "pass `--columns` with a model file alone"))
    listed = format_feature_columns(_names(columns))
    return MemoryFiles({others[0]: files.read(others[0]), _GIVEN: listed})


def named_by_path(error: _Error, path: Path) -> _Error:
    """The same error, said of a booster's file by its path, where it names the file itself."""
    return type(error)(
        [
            replace(problem, where=f"{path}{problem.where.removeprefix(path.name)}")
            if problem.where.startswith(path.name)
            else replace(problem, where=f"{path}, {problem.where}")
            for problem in error.problems
        ]
    )


def read_bare_booster(files: Files, damage: DamageLog, *, file: str) -> Artifact:
    """The artifact of a booster alone: every field is a number, and classes are named by their index.

    Raises:
        BadInput: `artifact.columns` if nobody has named the columns.
        Damaged: if the booster is broken, or its own names contradict the list.
    """
    facts = booster_facts(files.read(file), file=file)
    where = next((name for name in _LISTS if name in files), file)
    columns = _columns(files, facts, where)
    try:
        facts.require_names(columns, where=where)
    except Damaged as error:
        damage.report(error)
    schema = Schema(
        fields=tuple(Field(name, Kind.NUMERIC) for name in columns),
        classes=tuple(map(str, range(facts.classes))),
        csv_columns=columns,
        null_spellings=null_spellings({}),
    )
    return Artifact(
        name=PurePosixPath(file).stem,
        family=facts.kind.value,
        digest=training_digest(files),
        schema=schema,
        features=columns,
        risk_tables={},
        imputation={},
        calibrations=(),
        engine=EngineFile(kind=facts.kind, file=file, score_dtype=facts.score_dtype),
        golden=None,
        manifest=None,
        degradations=damage.degradations,
        files=files,
        remarks=(
            f"{file} stands alone: every field is read as a number, and nothing is calibrated",
            *(
                f'"{columns[index]}": a category in {file}, so its number is the code that training gave it'
                for index in facts.coded
                if index < len(columns)
            ),
        ),
    )


def _columns(files: Files, facts: BoosterFacts, where: str) -> tuple[str, ...]:
    """Names of the columns, each once: the list's at `where`, else the booster's own."""
    columns = facts.names if where == facts.file else parse_feature_columns(files.read(where))
    if not columns:
        expected = f"names of its {facts.features} columns"
        fix = "pass `--columns FILE` with one name a line to `servable pack` or `servable inspect`"
        raise BadInput(_problem(facts.file, expected, "neither a list of them nor names in the model", fix))
    if len(set(columns)) != len(columns):
        twice = next(name for name, count in Counter(columns).items() if count > 1)
        raise Damaged(
            _problem(where, "each column once", f"{shown(twice)} again", "give each column a name of its own")
        )
    return columns


def _names(path: Path) -> tuple[str, ...]:
    """Names in a text file, in the order of its lines."""
    if not path.is_file():
        raise NotFound(_problem(str(path), "a list of columns", "no such file", "check the path"))
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(_problem(str(path), "names in UTF-8", "other bytes", "write it in UTF-8")) from error
    written = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    is_indexed = all(line.partition(",")[0].strip().isdigit() and "," in line for line in written)
    names = tuple(line.partition(",")[2] if is_indexed else line for line in written)
    sound = {name for name in names if name and "," not in name}
    if not names or len(sound) != len(names):
        expected = "one name a line, each once and without a comma, or lines of the form `<index>,<name>`"
        raise BadInput(_problem(str(path), expected, f"{len(sound)} such names", "mend the list"))
    return names


def _problem(where: str, expected: str, found: str, fix: str) -> Problem:
    return Problem(code="artifact.columns", where=where, expected=expected, found=found, fix=fix)
