"""The memory of ONNX Runtime sessions: how much one may take while it opens, and while it computes.

A graph is a program, and says itself how large its tensors are: a kilobyte can ask for a terabyte (law 3).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

import onnxruntime as ort

MOST_RUN_BYTES: Final = 512 << 20
"""Of the tensors that a graph may hold while it computes, beside its weights.

A chunk of 512 tokens takes 32 MB and five of them at once 140 MB, with 12 heads of attention (measured, 6
layers of width 384).
"""

_MOST_OPENING_BYTES: Final = 256 << 20
_COPIES: Final = 4  # of the weights while a graph opens: its file, read, in memory, in the processor's order
_STACK_BYTES: Final = 8 << 20
_OPENING: Final = Lock()
_STATUS: Final = Path("/proc/self/status")
_DATA: Final = "VmData:"


@contextmanager
def own_memory(options: ort.SessionOptions, *, stored_bytes: int) -> Iterator[None]:
    """While a session opens inside: memory of its own, of which it gets no more than it may hold.

    The limit on opening is the process's own (Linux): what the runtime finds out about a graph it keeps
    outside the memory that the session is given. Where there is no such limit, opening has none.

    Args:
        options: of the session.
        stored_bytes: size of the graph and its weights.
    """
    # weights count too: as they are stored, and once more in the order that suits the processor
    most_bytes = MOST_RUN_BYTES + 2 * stored_bytes
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    no_more_than_asked = {"max_mem": most_bytes, "arena_extend_strategy": 1}
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    # a session takes the memory that was registered last, and the limit is the process's
    opening_bytes = _MOST_OPENING_BYTES + _COPIES * stored_bytes
    with _OPENING, _limited(opening_bytes, threads=options.intra_op_num_threads):
        ort.create_and_register_allocator(memory, ort.OrtArenaCfg(no_more_than_asked))
        yield


@contextmanager
def _limited(more_bytes: int, *, threads: int) -> Iterator[None]:
    """While it lasts, the process may take so much more memory, and the stacks of so many threads.

    What asks for more than that fails.
    """
    used_bytes = _used_bytes()
    if used_bytes is None:
        yield
        return
    import resource  # noqa: PLC0415  # not on Windows

    stack_bytes = resource.getrlimit(resource.RLIMIT_STACK)[0]
    if stack_bytes == resource.RLIM_INFINITY:
        stack_bytes = _STACK_BYTES
    before = resource.getrlimit(resource.RLIMIT_DATA)
    known = [limit for limit in before if limit != resource.RLIM_INFINITY]
    most_bytes = min([used_bytes + more_bytes + threads * stack_bytes, *known])
    resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _used_bytes() -> int | None:
    """What the process has of the memory that the limit counts, or None where it is not told."""
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(_DATA)), None)
