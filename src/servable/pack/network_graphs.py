"""Converting a network: a graph for each encoder and one for the head, compared at many lengths."""

from servable.artifact import Conversion, EngineEntry, EngineKind, GoldenSet
from servable.engines import load_network
from servable.errors import Damaged, Problem
from servable.pack.comparison import TextLimits, at_hard_lengths, differences, p999, within
from servable.pack.conversion import Converted
from servable.pack.entries import Entries
from servable.pack.networks import HEAD, to_onnx
from servable.scorer import Scorer


def convert_network(reference: Scorer, golden: GoldenSet, entries: Entries) -> Converted:
    """The graphs of a network, made of its weights and compared with the reference.

    The reference is the engine of the training output: the weights on torch, or the graph of its own
    that it brings. Where the two disagree, this comparison says so.

    Raises:
        Damaged: `pack.conversion` if the scores differ by more than the tolerances.
    """
    artifact = reference.artifact
    graphs = to_onnx(load_network(artifact))
    engine = EngineEntry(
        kind=EngineKind.ONNX_NETWORK,
        file=HEAD,
        intra_op_threads=1,
        score_dtype="float32",
        encoders=dict(graphs.files),
        pad_token_id=artifact.engine.pad_token_id,
    )
    members = entries.members() | graphs.members()
    packed = entries.scorer(members, engine)
    inputs = reference.preprocessor.apply(reference.schema.bind(golden.table()))
    limits = {text.field: TextLimits(text.max_tokens, text.max_chunks) for text in artifact.texts}
    lengths = at_hard_lengths(inputs, limits, seed=0)
    found = differences(packed.engine, reference.engine, [inputs, lengths])
    conversion = Conversion(
        golden_records=len(inputs),
        length_records=len(lengths),
        max_difference=float(found.max()),
        p999_difference=p999(found),
    )
    if not within(conversion, entries.tolerances):
        raise Damaged(_disagreement(artifact.engine.file, conversion, entries))
    return Converted(members=members, engine=engine, scorer=packed, conversion=conversion)


def _disagreement(file: str, conversion: Conversion, entries: Entries) -> Problem:
    limits = entries.tolerances
    return Problem(
        code="pack.conversion",
        where=file,
        expected=f"scores within {limits.raw_p999:.0e} of those of the graphs that were made of the weights, "
        f"for 999 records in 1,000, and within {limits.raw_max:.0e} for all",
        found=f"differences of {conversion.p999_difference:.2g} and {conversion.max_difference:.2g}",
        fix="use the weights and the graph of one and the same training run",
    )
