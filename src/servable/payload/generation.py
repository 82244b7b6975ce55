"""`generate`: the samples of an artifact as an archive, by the functions of the script.

Samples are made, rendered and written one by one, so that memory does not grow with their number.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from servable.artifact import Artifact, OnDamage, TokenizerSearch, read_artifact
from servable.errors import BadInput, Problem
from servable.payload import script
from servable.payload.bodies import Counts, bodies_of
from servable.payload.facts import ModelFacts, RealRecords, facts_of
from servable.payload.family import errors_of_the_family
from servable.payload.field_values import FieldSettings, chosen_values, variables_of, with_values
from servable.payload.places import Places
from servable.payload.remarks import remarks_on
from servable.payload.rendering import NumberForm
from servable.payload.samples import Body, Sample
from servable.payload.settings import ArchiveLayout, PayloadSettings
from servable.payload.spool import Spool
from servable.payload.strategies import Strategy
from servable.payload.strategies.boundary import boundary_samples
from servable.payload.strategies.constants import constant_samples, listed_model
from servable.payload.strategies.custom import custom_samples
from servable.payload.strategies.hostile import hostile_samples
from servable.payload.strategies.realistic import realistic_samples
from servable.payload.strategies.typical import typical_samples
from servable.payload.summary import PayloadSummary
from servable.payload.telling import told_samples
from servable.progress import Progress, silent
from servable.schema import Schema


def generate(
    artifact_path: Path,
    output: Path,
    *,
    content_types: Sequence[str] = ("application/json",),
    strategy: Strategy = Strategy.DEFAULT,
    samples: int | None = None,
    seed: int = 0,
    numbers: NumberForm = NumberForm.STRINGS,
    sample: Path | None = None,
    layout: ArchiveLayout = ArchiveLayout.ONE,
    default_numeric_value: float = 0.0,
    default_text_value: str | None = None,
    field_defaults: Mapping[str, str] | None = None,
    special_fields: Mapping[str, str] | None = None,
    timestamp: str | None = None,
    real_records: RealRecords = RealRecords.LEAVE_OUT,
    on_damage: OnDamage = OnDamage.REFUSE,
    tokenizers: TokenizerSearch | None = None,
    columns: Path | None = None,
    progress: Progress = silent,
) -> PayloadSummary:
    """Writes sample requests of an artifact to the archive `output` and says what is in it.

    Each archive appears whole or not at all, and its bytes depend on the arguments alone, unless
    `{timestamp}` asks for the clock. A sample that a content type cannot carry exactly is left out of it.

    Args:
        artifact_path: an artifact of any layout. The default strategy needs no more than a `.tar.gz` with
            `hyperparameters.json` at its root, or a directory with it.
        output: the archive's own name, ending in .tar.gz or .tgz; the directory is made if need be.
        content_types: keys of `script.CONTENT_TYPES` in any spelling; each sample is written in each.
        strategy: what the samples are made of.
        samples: how many; None: one, of a custom sample all. The first ones do not depend on it. Those of
            the strategies boundary and hostile cannot be counted.
        seed: of the realistic ones; the same one gives the same bytes.
        numbers: how JSON writes numbers.
        sample: a file or a folder of records to write instead of what a strategy makes.
        layout: whether content types share an archive; else each archive is named by its content type.
        default_numeric_value: finite; the value of every numeric field, in the default strategy.
        default_text_value: that of every category and text, in the default strategy; None: `DEFAULT_TEXT`
            for a category, and for a text field a text of which something reaches the model.
        field_defaults: values of single fields, as they stand, in every sample but boundary and hostile ones.
        special_fields: templates of single categories and texts, where `{timestamp}` is replaced; likewise.
        timestamp: what replaces `{timestamp}`; None takes the time of the clock.
        real_records: whether the realistic ones begin with the real records of the golden set.
        on_damage: whether a missing or broken file of the artifact is refused.
        tokenizers: where to look for the tokenizer of a network whose training output has none.
        columns: a list of the columns of a booster that stands alone, one name a line.
        progress: told of the samples as they are written, where their number is known.

    Raises:
        BadInput: `payload.content-type`, `payload.default-number`, `payload.unknown-field`,
            `payload.special-field`, `payload.field-default`, `payload.placeholder`, `payload.text`,
            `payload.samples`, `payload.strategy`, `payload.sample`, `payload.empty`, `payload.file`,
            `payload.target`; a custom record that is none, by file, record and field.
        NotFound: `payload.not-found`, `payload.hyperparameters-missing`, `table.not-found`; as
            `read_artifact`.
        Damaged: `payload.archive`, `payload.file-size`, `payload.hyperparameters`, `payload.field-list`,
            `payload.no-fields`, `payload.feature-columns`, `payload.manifest`, `json.*`, as `read_artifact`.
    """
    settings = PayloadSettings(
        content_types=tuple(content_types),
        strategy=strategy,
        samples=samples,
        seed=seed,
        numbers=numbers,
        sample=sample,
        layout=layout,
        default_numeric_value=default_numeric_value,
        default_text_value=default_text_value,
        fields=FieldSettings(
            field_defaults=field_defaults or {}, special_fields=special_fields or {}, timestamp=timestamp
        ),
        real_records=real_records,
    )
    with errors_of_the_family(output):
        settings.require_sound()
        places = Places.of(output, content_types=settings.content_types, layout=layout)
        places.require_apart([artifact_path, sample, columns], has_golden=False)
        if settings.is_default:
            made = _made_of_lists(artifact_path, settings)
        else:
            artifact = read_artifact(
                artifact_path, on_damage=on_damage, tokenizers=tokenizers, columns=columns
            )
            made = _made_of_artifact(artifact, settings)
        told = told_samples(made.samples, progress, total=settings.count)
        return _written(replace(made, samples=told), places, settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """Samples before they are rendered.

    Attributes:
        schema: of their records.
        samples: not yet drawn.
        facts: what they are drawn from; None where no more than lists of fields is known.
    """

    schema: Schema
    samples: Iterator[Sample | Body]
    facts: ModelFacts | None = None


def _made_of_lists(artifact_path: Path, settings: PayloadSettings) -> _Made:
    model = listed_model(artifact_path)
    samples = constant_samples(
        model,
        count=settings.samples or 1,
        number=settings.default_numeric_value,
        text=settings.default_text_value,
    )
    values = chosen_values(settings.fields, model.variables)
    return _Made(schema=model.schema, samples=with_values(samples, values))


def _made_of_artifact(artifact: Artifact, settings: PayloadSettings) -> _Made:
    facts = facts_of(artifact, real_records=settings.real_records)
    values = chosen_values(settings.fields, variables_of(artifact.schema))
    samples = _samples(artifact, facts, settings)
    if settings.has_own_cases:
        values = {}
    return _Made(schema=artifact.schema, samples=with_values(samples, values), facts=facts)


def _samples(artifact: Artifact, facts: ModelFacts, settings: PayloadSettings) -> Iterator[Sample | Body]:
    if settings.sample is not None:
        return islice(custom_samples(settings.sample, artifact), settings.samples)
    count = settings.samples or 1
    match settings.strategy:
        case Strategy.TYPICAL:
            return typical_samples(facts, count=count)
        case Strategy.REALISTIC:
            return realistic_samples(facts, count=count, seed=settings.seed)
        case Strategy.BOUNDARY:
            return boundary_samples(facts)
        case Strategy.HOSTILE:
            return hostile_samples(facts)
        case Strategy.DEFAULT:
            raise ValueError("the default strategy knows no artifact")


def _written(made: _Made, places: Places, settings: PayloadSettings) -> PayloadSummary:
    content_types = tuple(map(script.known_content_type, settings.content_types))
    counts = Counts()
    bodies = bodies_of(
        made.samples,
        schema=made.schema,
        content_types=content_types,
        numbers=settings.numbers,
        counts=counts,
    )
    with tempfile.TemporaryFile(prefix="servable-payload-") as stream:
        spool = Spool(stream)
        spool.fill(bodies)
        files = spool.files
        if not files:
            raise BadInput(_nothing_left(counts))
        archives = tuple(_archives(spool, places))
    return PayloadSummary(
        archives=archives,
        archive_bytes=sum(archive.stat().st_size for archive in archives),
        files=files,
        content_types=content_types,
        fields=made.schema.names(),
        csv_columns=made.schema.csv_columns or (),
        left_out=dict(counts.left_out),
        remarks=tuple(remarks_on(settings, made.facts, made.schema, counts, files)),
    )


def _archives(spool: Spool, places: Places) -> Iterator[Path]:
    """Writes the archives that have a file, one after the other."""
    of_archive: dict[Path, set[str]] = {}
    for file in spool.files:
        of_archive.setdefault(places.by_content_type[file.content_type], set()).add(file.content_type)
    for archive, content_types in of_archive.items():
        archive.parent.mkdir(parents=True, exist_ok=True)
        script.write_members(spool.members(content_types), archive)
        yield archive


def _nothing_left(counts: Counts) -> Problem:
    return Problem(
        code="payload.empty",
        where="payload",
        expected="a sample that one of the content types carries exactly",
        found=f"none of {max(counts.left_out.values(), default=0)}",
        fix="choose application/json too, or another strategy",
    )
