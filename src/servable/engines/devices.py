"""Where an engine computes."""

from enum import StrEnum


class Device(StrEnum):
    """What a caller may ask for: `auto` takes a GPU where the engine's library can use one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
