"""Checkpoints of a fine-tuning run: written whole, kept of the last and of the best epoch, resumed with care.

A run that was stopped and resumed ends in the same bytes as one that was not: every checkpoint is one of
a whole epoch, and what a step draws follows from the run's seed and the number of the step.
"""

import hashlib
import io
import math
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import lightning
import numpy as np
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import Checkpoint

from servable.artifact import atomic_write
from servable.errors import BadInput, Problem
from servable.train.family import Examples

BEST, LAST = "best.ckpt", "last.ckpt"
_DATA: Final = "data"


class WholeFiles(TorchCheckpointIO):
    """Checkpoints that are written beside their target and renamed: a full disk leaves the older one.

    Lightning's own way goes through the temporary folder, which may be another disk, and then copies.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None
    ) -> None:
        """Writes a checkpoint.

        Raises:
            Unavailable: `write.failed`.
        """
        file = io.BytesIO()
        torch.save(checkpoint, file)
        atomic_write(Path(path), file.getvalue())


class Checkpoints(Checkpoint):
    """Writes one checkpoint after every epoch, and another after every epoch that is the best so far.

    Lightning's own `ModelCheckpoint` writes its `last` only with a best one, before early stopping has
    decided, and beside an older one under another name: a run that is resumed from it ends elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._best = math.inf
        self._is_over = False

    @property
    def has_best(self) -> bool:
        """Whether an epoch had a finite loss on the validation rows."""
        return self._best < math.inf

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Ends a resumed run that had been over: only its output had not been written."""
        trainer.should_stop = trainer.should_stop or self._is_over

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Writes the checkpoints of an epoch; whether to stop has been decided by then."""
        loss = float(trainer.callback_metrics["val_loss"])
        is_better, self._is_over = loss < self._best, trainer.should_stop
        if is_better:
            self._best = loss
            trainer.save_checkpoint(self._folder / BEST)
        trainer.save_checkpoint(self._folder / LAST)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"best": self._best, "is_over": self._is_over}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from where a run was."""
        self._best, self._is_over = float(state_dict["best"]), bool(state_dict["is_over"])


def run_of(
    settings: Mapping[str, Any], train: Examples, valid: Examples, network: Mapping[str, torch.Tensor]
) -> dict[str, Any]:
    """What a run has in common with a checkpoint that it may go on from: settings, rows, first weights."""
    digest = hashlib.sha256()
    for examples in (train, valid):
        digest.update(examples.inputs.tabular.tobytes() + examples.labels.tobytes())
        for text in examples.inputs.texts.values():
            digest.update(text.chunk_offsets.tobytes() + np.concatenate(text.token_ids).tobytes())
    for weights in network.values():
        digest.update(weights.numpy().tobytes())
    return {"settings": dict(settings), _DATA: digest.hexdigest()}


def last_checkpoint(folder: Path, run: Mapping[str, Any]) -> Path:
    """The checkpoint to go on from, which must be one of the same run.

    Raises:
        BadInput: `train.resume`.
    """
    last = folder / LAST
    if not last.is_file():
        found, fix = "no such file", "run without `--resume`, or name the folder with `--checkpoints`"
        raise _cannot_resume(last, "a checkpoint to go on from", found, fix)
    try:
        stored = torch.load(last, weights_only=True, mmap=True)["hyper_parameters"]
        settings, data = dict(stored["settings"]), stored[_DATA]
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, LookupError, TypeError) as error:
        found, fix = "another file, or a part of one", "run without `--resume`, or with another folder"
        raise _cannot_resume(last, "a checkpoint that `servable train` wrote", found, fix) from error
    now = run["settings"]
    changed = [key for key in now if settings.get(key) != now[key]]
    if changed:
        found = f"another value of {', '.join(changed[:5])}"
        raise _cannot_resume(last, "the settings of this run", found, "resume with the same settings")
    if data != run[_DATA]:
        fix = "resume with the same table, columns and encoder"
        raise _cannot_resume(last, "the rows and the encoder of this run", "others", fix)
    return last


def _cannot_resume(path: Path, expected: str, found: str, fix: str) -> BadInput:
    problem = Problem(code="train.resume", where=str(path), expected=expected, found=found, fix=fix)
    return BadInput(problem)
