"""From a training output to a packed artifact: convert, compare, keep golden answers, write.

Deterministic: the same training output and the same libraries give the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from servable.artifact import (
    MANIFEST,
    Conversion,
    EngineKind,
    GoldenSet,
    Manifest,
    OnDamage,
    Tolerances,
    derive_records,
    pretty_json,
    require_writable,
    write_tar_gz,
)
from servable.errors import BadInput, Problem
from servable.pack.comparison import DEFAULT_TOLERANCES, NETWORK_TOLERANCES
from servable.pack.conversion import Converted
from servable.pack.entries import Entries
from servable.scorer import Scorer, load

DERIVED_GOLDEN_RECORDS = 50

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackResult:
    """What was packed.

    Attributes:
        output: the archive.
        manifest: its manifest.
        converted: the comparison with the reference; of a booster, that of its graph, whichever was packed.
    """

    output: Path
    manifest: Manifest
    converted: Conversion

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the archive first."""
        manifest, converted, golden = self.manifest, self.converted, self.manifest.golden
        lines = [
            f"{self.output} ({self.output.stat().st_size:,} bytes, {manifest.digest})",
            f"engine {manifest.engine.kind}: largest difference from the reference "
            f"{converted.max_difference:.2g} on {converted.golden_records} golden records and "
            f"{converted.hard_records}",
        ]
        if manifest.engine.kind == EngineKind.XGBOOST:
            lines.append("the graph differs by more than the tolerance: serving needs the extra `trees`")
        if golden is not None:
            origin = (
                "real records of the test split" if golden.source == "train" else "derived from the schema"
            )
            lines.append(
                f"golden records: {golden.records}, of them {golden.derived_records} derived; {origin}"
            )
        return lines


def pack(
    path: Path,
    output: Path,
    *,
    name: str | None = None,
    on_damage: OnDamage = OnDamage.REFUSE,
    tokenizers: Path | None = None,
    tolerances: Tolerances | None = None,
    progress: Progress = lambda *_: None,
) -> PackResult:
    """Packs a training output into one archive that serves without the training libraries.

    A network is packed as two graphs, its encoder and its head. A booster whose graph differs by more
    than the tolerances is packed in its own format, and then serving needs the extra `trees`.

    Raises:
        NotFound, BadInput, Damaged: nothing is written then.
    """
    if not output.name.endswith((".tar.gz", ".tgz")):
        raise _refusal("output", "a name that ends in .tar.gz", output.name, "pass `-o model.tar.gz`")
    require_writable(output)
    reference = load(path, on_damage=on_damage, tokenizers=tokenizers)
    artifact = reference.artifact
    if artifact.manifest is not None:
        raise _refusal(str(path), "a training output", "an artifact that is packed already", "serve it")
    golden = artifact.golden or _derived_golden(reference)
    entries = Entries(
        artifact=artifact,
        calibrator=reference.calibrator,
        name=name or artifact.name,
        degradations=reference.degradations,
        tolerances=tolerances or (NETWORK_TOLERANCES if artifact.texts else DEFAULT_TOLERANCES),
    )
    progress("convert and compare", 0, 1)
    converted = _convert(reference, golden, entries)
    scorer = converted.scorer
    golden = golden.with_packed(scorer.score_records(scorer.schema.bind(golden.table())))
    members = dict(converted.members) | golden.to_files()
    manifest = entries.manifest(members, converted.engine, golden, converted.conversion)
    progress("write the archive", 0, 1)
    write_tar_gz(output, members | {MANIFEST: pretty_json(manifest.to_plain())})
    return PackResult(output=output, manifest=manifest, converted=converted.conversion)


def _convert(reference: Scorer, golden: GoldenSet, entries: Entries) -> Converted:
    if reference.artifact.texts:
        from servable.pack.network_graphs import convert_network  # noqa: PLC0415  # torch, onnx

        return convert_network(reference, golden, entries)
    from servable.pack.boosters import convert_booster  # noqa: PLC0415  # xgboost, onnxmltools

    return convert_booster(reference, golden, entries)


def _derived_golden(reference: Scorer) -> GoldenSet:
    artifact = reference.artifact
    records = derive_records(
        artifact.schema, artifact.risk_tables, artifact.imputation, typical=DERIVED_GOLDEN_RECORDS
    )
    return GoldenSet(
        requests=tuple(map(msgspec.json.encode, records)),
        reference=reference.score(records),
        packed=None,
        source="schema",
        derived=len(records),
    )


def _refusal(where: str, expected: str, found: str, fix: str) -> BadInput:
    return BadInput(Problem(code="pack.input", where=where, expected=expected, found=found, fix=fix))
