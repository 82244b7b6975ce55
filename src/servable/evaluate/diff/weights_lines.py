"""What differs between two models as lines of text."""

from collections.abc import Iterator, Sequence

from servable.evaluate.diff.networks import NetworksDiff
from servable.evaluate.diff.part_lines import MOST_LINES, Line, left_out
from servable.evaluate.diff.trees import TreesDiff
from servable.evaluate.diff.weights import WeightsDiff
from servable.evaluate.diff.words import OPERATORS_DIFFER
from servable.wording import counted, number


def weights_lines(found: WeightsDiff) -> Iterator[Line]:
    """What differs between two models."""
    if found.not_compared:
        yield "not compared", found.not_compared
    if found.networks is not None:
        yield from _networks(found.networks)
    if found.trees is not None:
        yield from _trees(found.trees)
    yield "digests", f"{found.digest_a} -> {found.digest_b}"


def _networks(found: NetworksDiff) -> Iterator[Line]:
    yield "tensors", f"{len(found.tensors):,} of {found.compared:,} have other numbers"
    for layer in found.layers:
        if layer.changed:
            share = "-" if layer.relative is None else number(layer.relative)
            yield (
                layer.name,
                f"{layer.changed:,} of {counted(layer.tensors, 'tensor')}, norm of the change "
                f"{number(layer.change_norm)}, relative {share}",
            )
    largest = sorted(found.tensors, key=lambda tensor: (-(tensor.relative or 0.0), tensor.name))
    for tensor in largest[:MOST_LINES]:
        if tensor.shape_a != tensor.shape_b:
            yield "", f"{tensor.name}: shape {_shape(tensor.shape_a)} -> {_shape(tensor.shape_b)}"
        else:
            values = ("-" if value is None else number(value) for value in (tensor.relative, tensor.largest))
            yield "", "{}: relative {}, at most {}".format(tensor.name, *values)
    yield from left_out(len(largest) - MOST_LINES, "tensor")
    if found.operators_differ:
        yield "operators", OPERATORS_DIFFER
    yield from _names("only in A", found.only_a)
    yield from _names("only in B", found.only_b)
    yield from _names("not compared of A", found.not_compared_a)
    yield from _names("not compared of B", found.not_compared_b)


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes)) or "one number"


def _trees(found: TreesDiff) -> Iterator[Line]:
    for what, a, b in (
        ("trees", found.a.trees, found.b.trees),
        ("splits", found.a.splits, found.b.splits),
        ("leaves", found.a.leaves, found.b.leaves),
    ):
        yield what, f"{a:,} -> {b:,}" if a != b else f"{a:,} in both"
    yield (
        "compared",
        f"{found.equal:,} equal, {found.other_leaves:,} with other leaves, "
        f"{found.other_splits:,} with other splits",
    )
    if found.leaves_moved:
        yield (
            "leaves moved",
            f"{found.leaves_moved:,} under the same splits, at most {number(found.largest_move)}",
        )
    if found.is_constant_moved:
        yield "base", "the sums begin elsewhere"
    if found.transform_a != found.transform_b:
        yield "transform", f"{found.transform_a} -> {found.transform_b}"
    if found.is_asked_otherwise:
        yield "splits ask", f"x {found.comparison_a} bound -> x {found.comparison_b} bound"
    for feature in found.features[:MOST_LINES]:
        yield "splits by", f"{feature.feature}: {feature.a:,} -> {feature.b:,}"
    yield from left_out(len(found.features) - MOST_LINES, "feature")
    if found.not_compared:
        yield (
            "not compared",
            f"splits of {counted(found.not_compared, 'tree')}: a graph asks for categories in steps of its "
            "own; their leaves are equal",
        )


def _names(what: str, names: Sequence[str]) -> Iterator[Line]:
    if names:
        more = len(names) - MOST_LINES
        yield what, ", ".join(names[:MOST_LINES]) + (f" and {more:,} more" if more > 0 else "")
