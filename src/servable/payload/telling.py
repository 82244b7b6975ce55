"""Samples that tell how many of them have been made."""

from collections.abc import Iterator
from typing import Final

from servable.payload.samples import Body, Sample
from servable.progress import Progress

_PHASE: Final = "write samples"
_STEP: Final = 100


def told_samples(
    samples: Iterator[Sample | Body], progress: Progress, *, total: int | None
) -> Iterator[Sample | Body]:
    """The samples as they are asked for; their beginning, each hundredth of them and the last are told.

    Args:
        samples: to be made.
        progress: told.
        total: how many there will be; None where nobody knows, and then nothing is told.
    """
    if total is None:
        yield from samples
        return
    progress(_PHASE, 0, total)
    for done, sample in enumerate(samples, start=1):
        yield sample
        if done % _STEP == 0 or done == total:
            progress(_PHASE, done, total)
