"""Reading an artifact of any layout."""

from pathlib import Path

from servable.artifact.artifact import Artifact
from servable.artifact.damage import OnDamage
from servable.artifact.files import Files, open_files
from servable.artifact.manifest import MANIFEST
from servable.artifact.packed import read_packed
from servable.artifact.training_output import read_training_output
from servable.errors import BadInput, Damaged


def read_artifact(path: Path | str, *, on_damage: OnDamage = OnDamage.REFUSE) -> Artifact:
    """The artifact in a folder or archive, packed or as training left it.

    Raises:
        NotFound: if there is nothing at `path`.
        BadInput: if it is no artifact of a known layout.
        Damaged: if it is broken or hostile.
    """
    files = open_files(Path(path))  # whose own errors name the path
    try:
        return read_files(files, on_damage=on_damage)
    except (BadInput, Damaged) as error:
        raise error.inside(str(path)) from error


def read_files(files: Files, *, on_damage: OnDamage = OnDamage.REFUSE) -> Artifact:
    """The artifact that these files make."""
    read = read_packed if MANIFEST in files else read_training_output
    return read(files, on_damage)
