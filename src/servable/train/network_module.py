"""A network as Lightning trains it: batches of padded chunks, the loss, the optimiser and its rates."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from servable.engines import padded
from servable.engines.networks import Network
from servable.records import TextInputs
from servable.train.batches import LengthBatches
from servable.train.family import Examples

Batch = dict[str, Tensor]
Row = tuple[Sequence[NDArray[np.int32]], NDArray[np.float32], int]


class Rows(Dataset[Row]):
    """Rows of one text field: the chunks, the table's features, the label."""

    def __init__(self, examples: Examples, text: str) -> None:
        self._examples = examples
        self._text: TextInputs = examples.inputs.texts[text]

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, row: int) -> Row:
        first, end = self._text.chunk_offsets[row : row + 2]
        label = int(self._examples.labels[row])
        return self._text.token_ids[first:end], self._examples.inputs.tabular[row], label

    def lengths(self) -> NDArray[np.int64]:
        """`[n]` tokens of each row's chunks together."""
        tokens = np.array([len(chunk) for chunk in self._text.token_ids], dtype=np.int64)
        return np.add.reduceat(tokens, self._text.chunk_offsets[:-1])


def collate(rows: Sequence[Row], *, pad_token_id: int) -> Batch:
    """Tensors of a batch: chunks padded to the longest, and the row that each belongs to."""
    chunks = [chunk for of_row, _, _ in rows for chunk in of_row]
    ids, mask = padded(chunks, length=max(map(len, chunks)), pad_token_id=pad_token_id)
    owners = np.repeat(np.arange(len(rows)), [len(of_row) for of_row, _, _ in rows])
    return {
        "ids": torch.from_numpy(ids),
        "mask": torch.from_numpy(mask),
        "owners": torch.from_numpy(owners),
        "tabular": torch.from_numpy(np.array([tabular for _, tabular, _ in rows], dtype=np.float32)),
        "labels": torch.tensor([label for _, _, label in rows]),
    }


class FineTuning(lightning.LightningModule):
    """Trains a network of one text field.

    Args:
        network: with pretrained encoder and new heads.
        train: rows to fit on.
        valid: rows by which to choose the epoch.
        settings: the run's settings as JSON values.
        run: what tells this run from others; kept in every checkpoint.
    """

    def __init__(
        self,
        network: Network,
        train: Examples,
        valid: Examples,
        *,
        settings: Mapping[str, Any],
        run: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.save_hyperparameters(dict(run))
        self.network = network
        (self._text,) = network.text_fields
        self._train, self._valid = Rows(train, self._text), Rows(valid, self._text)
        self._settings = settings
        _freeze(network, settings["freeze_layers"])

    def batches(self, rows: Rows, *, rank: int = 0, world: int = 1) -> LengthBatches:
        """Batches of rows of similar length."""
        return LengthBatches(
            rows.lengths(),
            batch_size=self._settings["batch_size"],
            seed=self._settings["seed"],
            rank=rank,
            world=world,
        )

    def loader(self, rows: Rows, batches: Iterable[list[int]]) -> DataLoader[Row]:
        """The tensors of batches."""
        pad_token_id = self._settings["pad_token_id"]
        return DataLoader(
            rows, batch_sampler=batches, collate_fn=lambda batch: collate(batch, pad_token_id=pad_token_id)
        )

    def probes(self, n: int) -> Iterator[Batch]:
        """The first batches of the training rows, for a look at how long one takes."""
        return itertools.islice(iter(self.loader(self._train, self.batches(self._train))), n)

    def rows_of_an_epoch(self) -> int:
        """Rows that one epoch passes over."""
        return len(self._train)

    def tokens_of_an_epoch(self) -> int:
        """Tokens that one epoch passes over, without padding."""
        return int(self._train.lengths().sum())

    def train_dataloader(self) -> DataLoader[Row]:
        """Batches of the training rows, of which this process takes its share."""
        share = {"rank": self.trainer.global_rank, "world": self.trainer.world_size}
        return self.loader(self._train, self.batches(self._train, **share))

    def val_dataloader(self) -> DataLoader[Row]:
        """All validation rows, in every process; in one order, or losses would differ by rounding alone."""
        return self.loader(self._valid, list(self.batches(self._valid)))

    def loss(self, batch: Batch) -> Tensor:
        """Mean log-loss of a batch; the new layers compute in fp32 whatever the encoder does.

        In bf16 the scores would take a few hundred distinct values, with ties and steps between them.
        """
        chunks = self.network.encode(self._text, batch["ids"], batch["mask"])
        with torch.autocast(chunks.device.type, enabled=False):
            sums = torch.zeros(len(batch["labels"]), chunks.shape[1], device=chunks.device)
            sums = sums.index_add(0, batch["owners"], chunks.float())
            counts = torch.bincount(batch["owners"], minlength=len(sums)).unsqueeze(1)
            logits = self.network.head({self._text: sums / counts}, batch["tabular"])
            return torch.nn.functional.cross_entropy(logits, batch["labels"])

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The loss that is minimised."""
        # what a step draws follows from its number, so that a resumed run draws the same
        step = [self._settings["seed"], self.global_step, self.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(step).generate_state(1)[0]))
        return self.loss(batch)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Adds a batch to the validation log-loss, in fp32."""
        with torch.autocast(self.device.type, enabled=False):
            loss = self.loss(batch)
        self.log("val_loss", loss, batch_size=len(batch["labels"]), on_epoch=True, sync_dist=True)

    def configure_optimizers(self) -> Any:
        """AdamW with a rate for the encoder and one for the new layers; linear warm-up, linear decay."""
        settings = self._settings
        optimizer = torch.optim.AdamW(_groups(self.network, settings))
        steps = int(self.trainer.estimated_stepping_batches)
        rising = max(1, int(settings["warmup"] * steps))

        def share(step: int) -> float:
            return min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _freeze(network: Network, layers: int | None) -> None:
    """Leaves the embeddings and the first layers of the encoder as they are."""
    if layers is None:
        return
    frozen = tuple(
        f"{encoder}{part}."
        for encoder in network.ENCODERS
        for part in ("embeddings", *(f"encoder.layer.{layer}" for layer in range(layers)))
    )
    for name, parameter in network.named_parameters():
        parameter.requires_grad = not name.startswith(frozen)


def _groups(network: Network, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parameters by learning rate and decay; biases and normalisations are not decayed."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = settings["lr"] if name.startswith(network.ENCODERS) else settings["head_lr"]
            decay = settings["weight_decay"] if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": found, "lr": lr, "weight_decay": decay} for (lr, decay), found in groups.items()]
