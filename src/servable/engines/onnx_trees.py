"""One tree-ensemble graph on ONNX Runtime: the engine of packed boosters."""

from servable.engines.graphs import TREES_INPUT, TREES_OUTPUT
from servable.engines.onnx_session import GraphFile, open_graph
from servable.records import FloatArray, ModelInputs


class OnnxTrees:
    """A tree ensemble with one input `[n, t]` float32 and the output `probabilities` `[n, classes]`.

    Errors name its file as `where`.
    """

    def __init__(self, model: bytes, *, where: str, intra_op_threads: int) -> None:
        graph = open_graph(GraphFile(model=model, where=where), intra_op_threads=intra_op_threads)
        self._run = graph.run
        self._features = graph.input_width(TREES_INPUT)
        self._classes = graph.output_width(TREES_OUTPUT)

    @property
    def features(self) -> int:
        """How many columns `tabular` must have."""
        return self._features

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities."""
        scores: FloatArray = self._run([TREES_OUTPUT], {TREES_INPUT: inputs.tabular})[0]
        return scores
