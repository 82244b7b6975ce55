"""Numbers of the fields of ONNX messages, as many as are read.

Source: `onnx.proto` of the ONNX project.
"""

from typing import Final

GRAPH, FUNCTIONS = 7, 25
"""Of a model."""

NODE, INITIALIZER, INPUT, OUTPUT, VALUE_INFO, SPARSE_INITIALIZER = 1, 5, 11, 12, 13, 15
"""Of a graph."""

NODE_INPUT, NODE_OUTPUT, NODE_NAME, OPERATOR, ATTRIBUTE, DOMAIN = 1, 2, 3, 4, 5, 7
"""Of a node."""

ATTRIBUTE_NAME, STRING, TENSOR, SUBGRAPH, FLOATS, INTEGERS, STRINGS = 1, 4, 5, 6, 7, 8, 9
TENSORS, SUBGRAPHS = 10, 11
SPARSE: Final = frozenset({22, 23})
"""Of an attribute."""

SIZES, ELEMENT_TYPE, FLOAT_DATA, INT32_DATA, INT64_DATA, TENSOR_NAME, RAW_DATA = 1, 2, 4, 5, 7, 8, 9
DOUBLE_DATA, UINT64_DATA, EXTERNAL, LOCATION = 10, 11, 13, 14
"""Of a tensor."""

VALUE_NAME: Final = 1
"""Of an input or an output of a graph."""

KEY, VALUE = 1, 2
"""Of an entry of strings."""
