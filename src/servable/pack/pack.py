"""From a training output to a packed artifact: convert, compare, keep golden answers, write.

Deterministic: the same training output and the same libraries give the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec.structs import replace as replaced

from servable.artifact import (
    MANIFEST,
    Artifact,
    Conversion,
    GoldenSet,
    Manifest,
    OnDamage,
    Profile,
    ProfileSource,
    Tolerances,
    names_archive,
    pretty_json,
    require_writable,
    write_tar_gz,
)
from servable.calibration import stored_calibration
from servable.engines import Device
from servable.errors import BadInput, Problem
from servable.pack.comparison import DEFAULT_TOLERANCES, NETWORK_TOLERANCES
from servable.pack.container import container_code
from servable.pack.conversion import Converted
from servable.pack.entries import Entries
from servable.pack.golden import KEPT_RECORDS, GoldenChoice, Proposal, RecordsOfTable, propose, settle
from servable.pack.held_out import marked_rows
from servable.profile import LEAST_ROWS_JUDGED, profile_of, read_rows
from servable.progress import Progress, silent, told
from servable.scorer import Scorer, load
from servable.training_rows import TrainingRows, read_training_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class PackResult:
    """What was packed.

    Attributes:
        output: the archive.
        manifest: its manifest.
        converted: the comparison with the reference; of a booster, that of its graph, whichever was packed.
        profile: of the data that the model was made for, or None.
        golden_origin: where the golden records come from, in words.
        left_out: what is not among the golden records although it was meant to be, in sentences.
    """

    output: Path
    manifest: Manifest
    converted: Conversion
    profile: Profile | None
    golden_origin: str
    left_out: tuple[str, ...]

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the archive first."""
        manifest, converted, golden = self.manifest, self.converted, self.manifest.golden
        lines = [
            f"{self.output} ({self.output.stat().st_size:,} bytes, {manifest.digest})",
            f"engine {manifest.engine.kind}: largest difference from the reference "
            f"{converted.max_difference:.2g} on {converted.golden_records} golden records and "
            f"{converted.hard_records}",
        ]
        extra = manifest.engine.kind.extra
        if extra:
            lines.append(f"the graph differs by more than the tolerance: serving needs the extra `{extra}`")
        lines.append(f"profile for drift: {'none' if self.profile is None else self.profile.rows_in_words}")
        if golden is None:
            lines.append(
                "warning: there are no golden records, so an endpoint of this artifact cannot be proved right"
            )
        elif golden.records == golden.derived_records:
            lines.append(f"golden records: {golden.records}, all {self.golden_origin}")
        else:
            lines.append(
                f"golden records: {golden.records}, of them {golden.derived_records} derived; "
                f"{self.golden_origin}"
            )
        lines += [f"warning: {sentence}" for sentence in self.left_out]
        return lines


def pack(
    path: Path,
    output: Path,
    *,
    name: str | None = None,
    golden: GoldenChoice = KEPT_RECORDS,
    on_damage: OnDamage = OnDamage.REFUSE,
    tokenizers: Path | None = None,
    allow_download: bool = False,
    columns: Path | None = None,
    tolerances: Tolerances | None = None,
    progress: Progress = silent,
) -> PackResult:
    """Packs a training output into one archive that serves without the training libraries.

    The profile of the data goes in as well: that of all rows of a table of golden records where these are
    many, else that which training wrote.

    A network is packed as two graphs, its encoder and its head. A booster whose graph differs by more
    than the tolerances is packed in its own format, and then serving needs the extra `trees`.

    Args:
        path: the training output, a folder or an archive.
        output: the archive to write.
        name: of the model.  [default: the training output's]
        golden: which golden records go in.
        on_damage: what to do about a missing or broken file, and about recorded answers that differ.
        tokenizers: as in `servable.load`.
        allow_download: the same.
        columns: the same.
        tolerances: how far the packed scores may be from the reference.
        progress: told how far it is.

    Raises:
        NotFound, BadInput, Damaged: nothing is written then.
    """
    if not names_archive(output):
        raise _refusal("output", "a name that ends in .tar.gz", output.name, "pass `-o model.tar.gz`")
    require_writable(output)
    # not on a GPU: another machine would give another pack
    reference = load(
        path,
        on_damage=on_damage,
        tokenizers=tokenizers,
        device=Device.CPU,
        allow_download=allow_download,
        columns=columns,
    )
    if reference.artifact.manifest is not None:
        raise _refusal(str(path), "a training output", "an artifact that is packed already", "serve it")
    proposal = propose(golden, reference)
    entries = _entries(reference, name=name, tolerances=tolerances)
    with told(progress, "convert and compare"):
        converted = _convert(reference, proposal, entries)
        settled = settle(proposal, converted.scorer, tolerances=entries.tolerances, on_damage=on_damage)
    known = read_training_rows(reference.artifact.files)
    profile = _profile(golden, converted.scorer, known, progress)
    entries = replace(
        entries,
        artifact=replace(
            reference.artifact,
            remarks=_remarks(reference.artifact, profile) + settled.remarks,
            profile=profile,
        ),
        degradations=entries.degradations + settled.degradations,
    )
    members = dict(converted.members) | container_code(extra=converted.engine.kind.extra)
    if settled.golden is not None:
        members |= settled.golden.to_files()
    manifest = entries.manifest(members, converted.engine, settled.golden, converted.conversion)
    with told(progress, "write the archive"):
        write_tar_gz(output, members | {MANIFEST: pretty_json(manifest.to_plain())})
    return PackResult(
        output=output,
        manifest=manifest,
        converted=converted.conversion,
        profile=profile,
        golden_origin=settled.origin,
        left_out=settled.degradations,
    )


def _entries(reference: Scorer, *, name: str | None, tolerances: Tolerances | None) -> Entries:
    artifact = reference.artifact
    return Entries(
        artifact=artifact,
        calibrator=stored_calibration(reference.calibrator),
        name=name or artifact.name,
        degradations=reference.degradations,
        tolerances=tolerances or (NETWORK_TOLERANCES if artifact.texts else DEFAULT_TOLERANCES),
    )


def _convert(reference: Scorer, proposal: Proposal, entries: Entries) -> Converted:
    converted = _converter(reference)(reference, proposal.compared, entries)
    if proposal.is_kept:
        return converted
    conversion = replaced(
        converted.conversion, golden_records=0, derived_records=converted.conversion.golden_records
    )
    return replace(converted, conversion=conversion)


def _profile(
    golden: GoldenChoice, packed: Scorer, known: TrainingRows | None, progress: Progress
) -> Profile | None:
    """The profile of the table that golden records are taken from, else the one that training wrote.

    A table with fewer rows than drift can be told by only stands in for none. The one of training stays
    where golden records are derived or left out: it holds no record, and less of the categories than the
    risk tables do, and without it drift could not be told.

    Args:
        golden: which golden records go in.
        packed: the packed model.
        known: what is remembered of the rows that its training used; None for nothing.
        progress: told how far it is.
    """
    trained = packed.artifact.profile
    if not isinstance(golden, RecordsOfTable):
        return trained
    rows = marked_rows(read_rows(golden.path, packed.artifact), known, classes=len(packed.schema.classes))
    try:
        made = profile_of(packed, rows, source=ProfileSource.TABLE, progress=progress)
    except BadInput as error:
        if error.code != "table.empty":
            raise
        return trained  # the table has rows, so that training used all of them
    return made if trained is None or made.held_out >= LEAST_ROWS_JUDGED else trained


def _remarks(artifact: Artifact, profile: Profile | None) -> tuple[str, ...]:
    """Those of the training output; without the one about its profile, where another takes its place."""
    replaced_one = None if profile is None else artifact.profile_problem
    return tuple(remark for remark in artifact.remarks if remark != str(replaced_one))


def _converter(reference: Scorer) -> Callable[[Scorer, GoldenSet, Entries], Converted]:
    if reference.artifact.texts:
        from servable.pack.network_graphs import convert_network  # noqa: PLC0415  # torch, onnx

        return convert_network
    from servable.pack.boosters import convert_booster  # noqa: PLC0415  # onnx

    return convert_booster


def _refusal(where: str, expected: str, found: str, fix: str) -> BadInput:
    return BadInput(Problem(code="pack.input", where=where, expected=expected, found=found, fix=fix))
