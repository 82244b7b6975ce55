"""Where a payload and its golden answers go: what the files are called, and that they lie on nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from servable.artifact import ARCHIVE_ENDINGS
from servable.errors import BadInput, Problem
from servable.payload import script
from servable.payload.family import errors_of_the_family
from servable.payload.golden.sidecar import SIDECAR
from servable.payload.settings import ArchiveLayout


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The files that one payload may come to.

    Attributes:
        by_content_type: the archive that has the samples of each content type.
        layout: whether they share one.
    """

    by_content_type: Mapping[str, Path]
    layout: ArchiveLayout

    @classmethod
    def of(cls, output: Path, *, content_types: Sequence[str], layout: ArchiveLayout) -> Self:
        """The places of an output: itself, or an archive beside it for each content type.

        Raises:
            BadInput: `payload.target` for a name of another ending, `payload.content-type`.
        """
        ending = next((ending for ending in ARCHIVE_ENDINGS if output.name.endswith(ending)), None)
        if ending is None or output.name == ending:
            raise _refused(output, "a name that ends in .tar.gz or .tgz", "another")
        with errors_of_the_family(output):
            known = dict.fromkeys(map(script.known_content_type, content_types))
        if layout is ArchiveLayout.ONE:
            return cls(by_content_type=dict.fromkeys(known, output), layout=layout)
        stem = output.name.removesuffix(ending)
        return cls(
            by_content_type={
                content_type: output.with_name(f"{stem}_{script.CONTENT_TYPES[content_type].stem}{ending}")
                for content_type in known
            },
            layout=layout,
        )

    @property
    def archives(self) -> tuple[Path, ...]:
        """Each archive once."""
        return tuple(dict.fromkeys(self.by_content_type.values()))

    def golden_of(self, archive: Path) -> Path:
        """Where the golden answers of an archive go, beside it."""
        return archive.with_name(SIDECAR if self.layout is ArchiveLayout.ONE else f"golden_{archive.name}")

    def require_apart(self, inputs: Sequence[Path | None], *, has_golden: bool) -> None:
        """As the function of this name, for the archives and their golden answers.

        Raises:
            BadInput: `payload.target`.
        """
        golden = [self.golden_of(archive) for archive in self.archives if has_golden]
        require_apart([*self.archives, *golden], inputs)


def require_apart(places: Sequence[Path], inputs: Sequence[Path | None]) -> None:
    """Nothing, if no place is a folder, an input or inside one, or another place.

    Raises:
        BadInput: `payload.target`.
    """
    taken: set[Path] = set()
    for place in places:
        target = place.resolve()
        if target.is_dir():
            raise _taken(place, "a folder")
        if target in taken:
            raise _taken(place, "the golden answers of the same name")
        taken.add(target)
        for given in filter(None, inputs):
            if given.resolve() in (target, *target.parents):
                raise _taken(place, f"the input {given}")


def _taken(place: Path, found: str) -> BadInput:
    return _refused(place, "a place for the output alone", found)


def _refused(place: Path, expected: str, found: str) -> BadInput:
    return BadInput(
        Problem(
            code="payload.target",
            where=str(place),
            expected=expected,
            found=found,
            fix="choose another place",
        )
    )
