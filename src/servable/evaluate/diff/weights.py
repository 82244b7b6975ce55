"""The models of two artifacts: networks tensor by tensor, boosters tree by tree, else by their digests."""

import hashlib
from dataclasses import dataclass

from servable.artifact import Artifact, EngineKind, canonical_json
from servable.engines import weights_of
from servable.errors import Damaged
from servable.evaluate.diff.networks import NetworksDiff, networks_diff
from servable.evaluate.diff.tensors import tensors_of
from servable.evaluate.diff.tree_readers import trees_of
from servable.evaluate.diff.trees import TreesDiff, trees_diff

_TREES = frozenset([EngineKind.ONNX_TREES, EngineKind.XGBOOST, EngineKind.LIGHTGBM])


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsDiff:
    """What differs between two models.

    Attributes:
        digest_a, digest_b: of the files that each is made of.
        networks: of two networks whose files differ.
        trees: of two models of trees whose files differ.
        not_compared: why nothing but the digests could be compared; else empty.
    """

    digest_a: str
    digest_b: str
    networks: NetworksDiff | None = None
    trees: TreesDiff | None = None
    not_compared: str = ""

    @property
    def parts(self) -> NetworksDiff | TreesDiff | None:
        """What was compared beyond the digests."""
        return self.trees if self.networks is None else self.networks

    @property
    def is_equal(self) -> bool:
        """Whether the numbers are the same, in whatever files."""
        return self.digest_a == self.digest_b or (self.parts is not None and self.parts.is_equal)

    @property
    def is_whole(self) -> bool:
        """Whether all of the two models was compared."""
        return self.digest_a == self.digest_b or (self.parts is not None and self.parts.is_whole)

    @property
    def moves_scores(self) -> bool:
        """Whether the two models are of other numbers, as far as they could be compared."""
        return not self.is_equal


def weights_diff(a: Artifact, b: Artifact) -> WeightsDiff:
    """The models of A and B."""
    digests = _digest(a), _digest(b)
    if digests[0] == digests[1]:
        return WeightsDiff(digest_a=digests[0], digest_b=digests[1])
    of_trees = [side.engine.kind in _TREES for side in (a, b)]
    if any(of_trees) and not all(of_trees):
        return WeightsDiff(
            digest_a=digests[0],
            digest_b=digests[1],
            not_compared="one is a network and the other is made of trees, which have nothing in common",
        )
    if lacking := [side.engine.file for side in (a, b) if side.engine.file not in side.files]:
        return WeightsDiff(
            digest_a=digests[0], digest_b=digests[1], not_compared=f"there is no file {lacking[0]}"
        )
    try:
        if all(of_trees):
            trees = trees_diff(trees_of(a), trees_of(b))
            return WeightsDiff(digest_a=digests[0], digest_b=digests[1], trees=trees)
        networks = networks_diff(tensors_of(a), tensors_of(b))
        return WeightsDiff(digest_a=digests[0], digest_b=digests[1], networks=networks)
    except Damaged as error:  # an engine may read what is not read here, or the file was passed over
        return WeightsDiff(digest_a=digests[0], digest_b=digests[1], not_compared=str(error))


def _digest(artifact: Artifact) -> str:
    """Of the files that the engine reads, by name."""
    engine, files = artifact.engine, artifact.files
    graphs = (engine.file, *engine.encoders.values())
    names = sorted({*graphs, *map(weights_of, graphs)} & {*files.names()})
    digests = {name: files.sha256(name) for name in names}
    return f"sha256:{hashlib.sha256(canonical_json(digests)).hexdigest()}"
