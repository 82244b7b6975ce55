"""Records of several requests as one batch, and the batch's predictions as several answers again.

Law: for any cut of records into parts, `split(score(concatenate(parts)), sizes)` holds for each part
what `score(part)` holds, because a score does not depend on a record's neighbours.
"""

from collections.abc import Sequence

import numpy as np

from servable.records import Columns, Predictions, Records


def concatenate(parts: Sequence[Records]) -> Records:
    """All records of the parts, in order; there is at least one, and all have the columns of one layout.

    The ids are None unless every part has them.
    """
    if len(parts) == 1:
        return parts[0]
    with_ids = [part.ids for part in parts if part.ids is not None]
    return Records(
        columns=Columns(
            parts[0].columns.layout,
            np.concatenate([part.columns.numbers for part in parts], axis=1),
            np.concatenate([part.columns.strings for part in parts], axis=1),
        ),
        n=sum(part.n for part in parts),
        ids=tuple(id_ for ids in with_ids for id_ in ids) if len(with_ids) == len(parts) else None,
        ignored_cells=sum(part.ignored_cells for part in parts),
        skipped_headers=sum(part.skipped_headers for part in parts),
    )


def cut(records: Records, start: int, stop: int) -> Records:
    """The records from `start` up to `stop`, as views; the counts of cells and headers stay behind."""
    if start == 0 and stop >= records.n:
        return records
    columns = records.columns
    return Records(
        columns=Columns(columns.layout, columns.numbers[:, start:stop], columns.strings[:, start:stop]),
        n=len(range(records.n)[start:stop]),
        ids=None if records.ids is None else records.ids[start:stop],
    )


def split(predictions: Predictions, sizes: Sequence[int]) -> list[Predictions]:
    """The predictions cut into consecutive parts of these sizes, which add up to all of them."""
    if len(sizes) == 1:
        return [predictions]
    ends = np.cumsum(sizes).tolist()
    return [_between(predictions, end - size, end) for size, end in zip(sizes, ends, strict=True)]


def _between(predictions: Predictions, start: int, stop: int) -> Predictions:
    return Predictions(
        raw=predictions.raw[start:stop],
        calibrated=predictions.calibrated[start:stop],
        ids=None if predictions.ids is None else predictions.ids[start:stop],
    )


def join(parts: Sequence[Predictions], *, ids: tuple[object, ...] | None) -> Predictions:
    """The predictions of one request from those of its parts, in order, with the request's own ids."""
    if len(parts) == 1 and parts[0].ids is ids:
        return parts[0]
    return Predictions(
        raw=np.concatenate([part.raw for part in parts]),
        calibrated=np.concatenate([part.calibrated for part in parts]),
        ids=ids,
    )
