"""Where an engine computes."""

from enum import StrEnum

from servable.errors import BadInput, Problem, Unavailable


class Device(StrEnum):
    """What a caller may ask for: `auto` takes a GPU where the engine's library can use one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def no_cuda(library: str) -> BadInput:
    """The refusal of a GPU that was asked for by name and cannot be used."""
    return BadInput(
        Problem(
            code="engine.device",
            where="device",
            expected=f"a CUDA device that {library} can use",
            found="none",
            fix="use `cpu` or `auto`, or install a build of it for CUDA on a machine with a GPU",
        )
    )


def out_of_memory(device: str) -> Unavailable:
    """What a request fails with whose tensors do not fit into the device's memory."""
    return Unavailable(
        Problem(
            code="engine.memory",
            where=f"device {device}",
            expected="memory for the tensors of a batch",
            found="that it is exhausted",
            fix="restart the endpoint on a larger device, or send fewer records at once",
        )
    )
