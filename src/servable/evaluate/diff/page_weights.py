"""What differs between two models, as tables of a page."""

from collections.abc import Sequence

from servable.evaluate.diff.cells import MOST_ROWS, NUMBERS, count_cell, more, number_cell, table_of
from servable.evaluate.diff.networks import NetworksDiff
from servable.evaluate.diff.trees import TreesDiff
from servable.evaluate.diff.weights import WeightsDiff
from servable.evaluate.diff.words import OPERATORS_DIFFER
from servable.report import Block, Cell, Column, Facts, Paragraph, Points, count


def weight_blocks(found: WeightsDiff) -> tuple[Block, ...]:
    """Layers and tensors of networks, trees and splits of boosters."""
    digests = (("Digest of A", found.digest_a), ("Digest of B", found.digest_b))
    return (
        *((Paragraph(text=f"Not compared: {found.not_compared}."),) if found.not_compared else ()),
        *(() if found.networks is None else _networks(found.networks)),
        *(() if found.trees is None else _trees(found.trees)),
        Facts(items=tuple((name, Cell(text=digest, is_code=True)) for name, digest in digests)),
    )


def _networks(found: NetworksDiff) -> tuple[Block, ...]:
    layers = tuple(
        (
            Cell(text=layer.name),
            Cell(text=f"{count(layer.changed)} of {count(layer.tensors)}"),
            number_cell(layer.norm_a),
            number_cell(layer.change_norm),
            number_cell(layer.relative),
        )
        for layer in found.layers
    )
    largest = sorted(found.tensors, key=lambda tensor: (-(tensor.relative or 0.0), tensor.name))[:MOST_ROWS]
    tensors = tuple(
        (
            Cell(text=tensor.name, note=tensor.layer),
            Cell(text=_shapes(tensor.shape_a, tensor.shape_b)),
            number_cell(tensor.change_norm),
            number_cell(tensor.relative),
            number_cell(tensor.largest),
        )
        for tensor in largest
    )
    norms = (Column(title="Norm of the change", is_number=True), Column(title="Relative", is_number=True))
    lone = [
        *((f"The operators {OPERATORS_DIFFER}.",) if found.operators_differ else ()),
        *(f"{name} is in A alone." for name in found.only_a[:MOST_ROWS]),
        *(f"{name} is in B alone." for name in found.only_b[:MOST_ROWS]),
        *(f"{name} of A is not in B's graph under its name." for name in found.not_compared_a[:MOST_ROWS]),
        *(f"{name} of B is not in A's graph under its name." for name in found.not_compared_b[:MOST_ROWS]),
    ]
    columns = (
        Column(title="Layer"),
        Column(title="Tensors"),
        Column(title="Norm of A", is_number=True),
        *norms,
    )
    of_tensor = (
        Column(title="Tensor"),
        Column(title="Shape"),
        *norms,
        Column(title="Largest", is_number=True),
    )
    return (
        *table_of("Layers", columns, layers),
        *table_of("Tensors", of_tensor, tensors),
        *more(MOST_ROWS, of=len(found.tensors)),
        *((Points(items=tuple(lone)),) if lone else ()),
    )


def _shapes(a: Sequence[int], b: Sequence[int]) -> str:
    one, other = (" \N{MULTIPLICATION SIGN} ".join(map(count, sizes)) or "one number" for sizes in (a, b))
    return one if a == b else f"{one} \N{RIGHTWARDS ARROW} {other}"


def _trees(found: TreesDiff) -> tuple[Block, ...]:
    sizes = tuple(
        (Cell(text=name), count_cell(a), count_cell(b))
        for name, a, b in (
            ("Trees with a split", found.a.trees, found.b.trees),
            ("Splits", found.a.splits, found.b.splits),
            ("Leaves", found.a.leaves, found.b.leaves),
        )
    )
    compared = (
        ("Equal trees", count_cell(found.equal)),
        ("Trees with other leaves under the same splits", count_cell(found.other_leaves)),
        ("Trees with other splits, or of one model alone", count_cell(found.other_splits)),
        ("Leaves that moved under the same splits", count_cell(found.leaves_moved)),
        ("Largest move of a leaf", number_cell(found.largest_move)),
        ("Trees whose splits could not be compared", count_cell(found.not_compared)),
        ("Where the sums begin", Cell(text="elsewhere" if found.is_constant_moved else "the same")),
        *(
            (("Splits ask", Cell(text=f"x {found.comparison_a} bound in A, x {found.comparison_b} in B")),)
            if found.is_asked_otherwise
            else ()
        ),
    )
    splits = tuple(
        (Cell(text=item.feature), count_cell(item.a), count_cell(item.b))
        for item in found.features[:MOST_ROWS]
    )
    return (
        *table_of("Trees", (Column(title="What"), *NUMBERS), sizes),
        Facts(items=compared),
        *table_of("Splits by feature", (Column(title="Feature"), *NUMBERS), splits),
        *more(MOST_ROWS, of=len(found.features)),
    )
