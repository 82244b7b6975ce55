"""What a payload came to: its archives, their files, and what people should know of them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from servable.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadFile:
    """One file of a payload archive.

    Attributes:
        name: of the file.
        content_type: a key of `script.CONTENT_TYPES`.
        case: what it shows, in words joined by hyphens.
        records: how many it holds.
    """

    name: str
    content_type: str
    case: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadSummary:
    """What `generate` wrote.

    Attributes:
        archives: the archives, one, or one for each content type in the order in which they were asked for.
        archive_bytes: their size, all together.
        files: the samples in them, in the order in which they were made; a few words each.
        content_types: the content types, as they were asked for.
        fields: names of the JSON keys, in order.
        csv_columns: names of the CSV cells, in order; the id may be among them and a name may be repeated.
        left_out: content type -> samples that it cannot carry exactly.
        remarks: what people should know, one sentence each.
    """

    archives: tuple[Path, ...]
    archive_bytes: int
    files: tuple[PayloadFile, ...]
    content_types: tuple[str, ...]
    fields: tuple[str, ...]
    csv_columns: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def archive(self) -> Path:
        """The archive, of several the first."""
        return self.archives[0]

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the files."""
        return tuple(file.name for file in self.files)

    @property
    def cases(self) -> dict[str, str]:
        """What each file shows, by its name."""
        return {file.name: file.case for file in self.files}

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the archives first."""
        return [
            f"{', '.join(map(str, self.archives))} ({self.archive_bytes:,} bytes)",
            f"{counted(len(self.fields), 'field')} in {counted(len(self.files), 'file')}",
            *(f"  {line}" for line in self._content_type_lines()),
            *self.remarks,
        ]

    def _content_type_lines(self) -> Iterator[str]:
        for content_type in dict.fromkeys(self.content_types):
            records = [file.records for file in self.files if file.content_type == content_type]
            yield f"{content_type}: {counted(len(records), 'file')}, {counted(sum(records), 'record')}"

    def to_plain(self) -> dict[str, Any]:
        """The summary as JSON values."""
        return {
            "archive": str(self.archive),
            "archives": [str(archive) for archive in self.archives],
            "archive_bytes": self.archive_bytes,
            "members": list(self.members),
            "content_types": list(self.content_types),
            "fields": list(self.fields),
            "csv_columns": list(self.csv_columns),
            "files": [asdict(file) for file in self.files],
            "left_out": dict(self.left_out),
            "remarks": list(self.remarks),
        }
