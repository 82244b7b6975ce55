"""Engines: ModelInputs to raw class probabilities. Each imports its library only when it is used.

`servable.engines.networks` is a room of its own, because it needs torch.
"""

from servable.engines.chunks import padded
from servable.engines.devices import Device, out_of_memory
from servable.engines.engine import Engine
from servable.engines.graphs import (
    ENCODER_INPUTS,
    ENCODER_OUTPUT,
    HEAD_OUTPUT,
    HEAD_TABLE,
    TREES_INPUT,
    TREES_OUTPUT,
    EncoderGraph,
    head_text,
    weights_of,
)
from servable.engines.opening import load_network, open_engine
from servable.engines.threads import ThreadChoice, choose_threads, usable_cores

__all__ = [
    "ENCODER_INPUTS",
    "ENCODER_OUTPUT",
    "HEAD_OUTPUT",
    "HEAD_TABLE",
    "TREES_INPUT",
    "TREES_OUTPUT",
    "Device",
    "EncoderGraph",
    "Engine",
    "ThreadChoice",
    "choose_threads",
    "head_text",
    "load_network",
    "open_engine",
    "out_of_memory",
    "padded",
    "usable_cores",
    "weights_of",
]
