"""Reading an artifact of any layout."""

from pathlib import Path

from servable.artifact.artifact import Artifact
from servable.artifact.boosters.alone import (
    bare_booster,
    is_model_file,
    named_by_path,
    open_model_file,
    with_columns,
)
from servable.artifact.damage import OnDamage
from servable.artifact.files import Files, open_files
from servable.artifact.manifest import MANIFEST
from servable.artifact.packed import read_packed
from servable.artifact.tokenizers.search import TokenizerSearch
from servable.artifact.training_output import read_training_output
from servable.errors import BadInput, Damaged


def read_artifact(
    path: Path | str,
    *,
    on_damage: OnDamage = OnDamage.REFUSE,
    tokenizers: TokenizerSearch | None = None,
    columns: Path | None = None,
) -> Artifact:
    """The artifact in a folder or archive, packed or as training left it.

    Args:
        path: folder, .tar.gz, .tar or .zip; or the file of a booster.
        on_damage: whether a missing or broken file is refused.
        tokenizers: where to look for the tokenizer of a network whose training output has none.
        columns: a list of the columns of a booster that stands alone, one name a line.

    Raises:
        NotFound: if there is nothing at `path`.
        BadInput: if it is no artifact of a known layout.
        Damaged: if it is broken or hostile.
    """
    path = Path(path)
    files = _opened(path)  # errors name the path
    if columns is not None:
        files = with_columns(files, columns)
    try:
        return read_files(files, on_damage=on_damage, tokenizers=tokenizers)
    except (BadInput, Damaged) as error:
        is_alone = is_model_file(path)
        raise (named_by_path(error, path) if is_alone else error.inside(str(path))) from error


def is_lone_booster(path: Path | str) -> bool:
    """Whether there is a booster and nothing else at a path but a list of its columns.

    Raises:
        NotFound, BadInput, Damaged: as opening the files does.
    """
    return bare_booster(_opened(Path(path))) is not None


def _opened(path: Path) -> Files:
    return open_model_file(path) if is_model_file(path) else open_files(path)


def read_files(
    files: Files, *, on_damage: OnDamage = OnDamage.REFUSE, tokenizers: TokenizerSearch | None = None
) -> Artifact:
    """The artifact that these files make; see `read_artifact`."""
    if MANIFEST in files:
        return read_packed(files, on_damage)
    return read_training_output(files, on_damage, tokenizers=tokenizers or TokenizerSearch())
