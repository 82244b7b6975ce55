"""The family `bimodal_bert`: a pretrained encoder fine-tuned together with a table branch.

Source of the defaults: fine-tuning recipes of BERT (AdamW, a small rate for the encoder and a larger one
for the new layers, linear warm-up and decay), validated on the project's own demo data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from servable.artifact import StoredText
from servable.errors import BadInput, Problem
from servable.preprocess import TextReader
from servable.progress import Progress
from servable.schema import Kind, Schema
from servable.scorer import text_reader_of
from servable.train.encoders import Encoder
from servable.train.family import LARGEST_SEED, Examples, FittedModel, Say, require_setting

TEXT_STEPS = ("html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer")
"""Markup out, lower case, one blank between words; a text too long for one chunk is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Hyperparameters of a fine-tuning run.

    Attributes:
        encoder: the pretrained encoder with its tokenizer.
        text_steps: what a text goes through, in order.
        max_sen_len: tokens of one chunk, the special ones included.
        max_total_chunks: chunks of one text at most; more than one only after a splitting step.
        hidden_common_dim: width of the text branch and of the table branch.
        batch_size: rows of one step.
        max_epochs: passes over the training rows, at most.
        patience: epochs without a better validation log-loss before it ends.
        lr: learning rate of the encoder.
        head_lr: learning rate of the new layers.
        weight_decay: of all weights but biases and normalisations.
        warmup: share of the steps in which the rates rise; then they fall to 0.
        gradient_clip: largest norm of a gradient.
        dropout: share of activations left out before each new layer.
        freeze_layers: encoder layers that stay as they are, beside the embeddings; None trains all.
        precision: of the encoder while it trains: `bf16` where the processor has it, else `fp32`;
            `auto` finds out. New layers, validation and the result are always in fp32.
        threads: of one process; torch's own choice where it is None.
        accelerator, devices: as Lightning names them.
        checkpoints: folder of the checkpoints.
        keep_checkpoints: whether they stay there when training has ended well.
        resume: whether to go on from the last checkpoint there.
        seed: of every draw.
    """

    encoder: Encoder
    text_steps: tuple[str, ...] = TEXT_STEPS
    max_sen_len: int = 128
    max_total_chunks: int = 5
    hidden_common_dim: int = 100
    batch_size: int = 32
    max_epochs: int = 3
    patience: int = 1
    lr: float = 5e-5
    head_lr: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    gradient_clip: float = 1.0
    dropout: float = 0.1
    freeze_layers: int | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    threads: int | None = None
    accelerator: str = "auto"
    devices: int = 1
    checkpoints: Path
    keep_checkpoints: bool = False
    resume: bool = False
    seed: int = 0

    model_class: ClassVar[str] = "bimodal_bert"
    missing: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        longest = self.encoder.max_tokens
        for name, is_good, expected in (
            ("max_sen_len", 3 <= self.max_sen_len <= longest, f"3 to {longest} tokens, the encoder's limit"),
            ("max_total_chunks", self.max_total_chunks >= 1, "at least 1"),
            ("hidden_common_dim", self.hidden_common_dim >= 1, "at least 1"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("max_epochs", self.max_epochs >= 1, "at least 1"),
            ("patience", self.patience >= 1, "at least 1"),
            ("lr", 0 < self.lr < 1, "a rate between 0 and 1"),
            ("head_lr", 0 < self.head_lr < 1, "a rate between 0 and 1"),
            ("weight_decay", 0 <= self.weight_decay < 1, "from 0 to below 1"),
            ("warmup", 0 <= self.warmup < 1, "a share from 0 to below 1"),
            ("gradient_clip", self.gradient_clip > 0, "a norm above 0"),
            ("dropout", 0 <= self.dropout < 1, "a share from 0 to below 1"),
            (
                "freeze_layers",
                self.freeze_layers is None or 0 <= self.freeze_layers <= self.encoder.layers,
                f"0 to {self.encoder.layers}, the layers of the encoder",
            ),
            ("precision", self.precision in ("auto", "fp32", "bf16"), "auto, fp32 or bf16"),
            ("threads", self.threads is None or self.threads >= 1, "at least 1"),
            ("devices", self.devices >= 1, "at least 1"),
            ("seed", 0 <= self.seed <= LARGEST_SEED, f"0 to {LARGEST_SEED}"),
        ):
            require_setting(name, getattr(self, name), is_good, expected)

    def require_fields(self, schema: Schema) -> None:
        """Nothing, if there is a text field, and one alone.

        Raises:
            BadInput: `train.text`.
        """
        texts = schema.names(Kind.TEXT)
        if len(texts) != 1:
            raise BadInput(
                Problem(
                    code="train.text",
                    where=f"family {self.model_class}",
                    expected="one text field",
                    found=", ".join(texts) or "none",
                    fix="name the columns of text with `--text`; several are joined into one field",
                )
            )

    def readers(self, schema: Schema) -> Mapping[str, TextReader]:
        """The text field's way to tokens, which serving will take too."""
        return {name: text_reader_of(self._stored(name)) for name in schema.names(Kind.TEXT)}

    def fit(
        self, train: Examples, valid: Examples, schema: Schema, *, say: Say, progress: Progress
    ) -> FittedModel:
        """The weights of the best epoch on the validation rows."""
        from servable.train.network_fit import fit_network  # noqa: PLC0415  # torch, lightning

        return fit_network(train, valid, schema, self, say=say, progress=progress)

    def _stored(self, name: str) -> StoredText:
        return StoredText(
            field=name,
            steps=self.text_steps,
            max_tokens=self.max_sen_len,
            max_chunks=self.max_total_chunks,
            tokenizer=self.encoder.tokenizer,
            where=f"tokenizer of {self.encoder.name}",
        )
