"""Fine-tuning a network with Lightning: estimate, fit, keep the best epoch, write the layout's files."""

import io
import logging
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from servable.artifact import ENCODER_CONFIG, TOKENIZER, TOKENIZER_FOLDER, disk_errors, pretty_json
from servable.errors import BadInput, Problem, Unavailable
from servable.progress import Progress
from servable.schema import Kind, Schema
from servable.train.family import Examples, FittedModel, Say
from servable.train.network_family import NetworkSettings

try:
    import lightning
    import torch
    from lightning.fabric.utilities import rank_zero_only
    from lightning.fabric.utilities.exceptions import MisconfigurationException
    from lightning.pytorch.callbacks import Callback, EarlyStopping
    from lightning.pytorch.utilities.exceptions import SIGTERMException
    from tokenizers import Tokenizer

    from servable.engines.networks import Network, new_network
    from servable.train.network_checkpoints import (
        BEST,
        LAST,
        Checkpoints,
        WholeFiles,
        last_checkpoint,
        run_of,
    )
    from servable.train.network_module import FineTuning
except ImportError as error:
    raise Unavailable(
        Problem(
            code="train.extra",
            where="family bimodal_bert",
            expected="the packages torch and lightning",
            found="that one of them is not installed",
            fix="install servable[train]",
        )
    ) from error

_PROBES = 3
_SIGTERM_EXIT = 128 + 15


def fit_network(
    train: Examples,
    valid: Examples,
    schema: Schema,
    settings: NetworkSettings,
    *,
    say: Say,
    progress: Progress,
) -> FittedModel:
    """The network after its best epoch on the validation rows.

    Raises:
        BadInput: `train.resume` if there is no checkpoint to go on from, or one of another run;
            `train.setting` for an accelerator that is not there; `train.diverged`.
        Unavailable: if the disk refuses a checkpoint; the one before it stays whole.
    """
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    precision = _precision(settings)
    hyperparameters = _hyperparameters(settings, schema, train, precision)
    network = _new_network(train, schema, settings)
    run = run_of(hyperparameters, train, valid, network.state_dict())
    module = FineTuning(network, train, valid, settings=hyperparameters, run=run)
    resumed = last_checkpoint(settings.checkpoints, run) if settings.resume else None
    rank_zero_only(say)(_estimate(module, settings, precision))  # of several processes one speaks
    best, epochs = _fit(module, settings, precision, resumed, progress)
    network.load_state_dict({name.removeprefix("network."): value for name, value in best.items()})
    return FittedModel(
        files=_files(network, settings),
        hyperparameters=hyperparameters,
        summary=f"{settings.encoder.name}, {epochs} epoch{'' if epochs == 1 else 's'}, {precision}",
        copies=partial(_artifacts, network, settings),
        discard=partial(_remove, settings.checkpoints, () if settings.keep_checkpoints else (BEST, LAST)),
    )


def _new_network(train: Examples, schema: Schema, settings: NetworkSettings) -> Network:
    (text,) = schema.names(Kind.TEXT)
    return new_network(
        settings.model_class,
        settings.encoder.config,
        settings.encoder.weights,
        text_field=text,
        features=train.inputs.tabular.shape[1],
        hidden=settings.hidden_common_dim,
        classes=len(schema.classes),
        dropout=settings.dropout,
        seed=settings.seed,
    )


def _precision(settings: NetworkSettings) -> str:
    """`bf16` where it is asked for or, with `auto`, where the processor computes in it."""
    if settings.precision != "auto":
        return settings.precision
    has_bf16 = torch.cuda.is_bf16_supported() if _has_gpu(settings) else torch.cpu._is_avx512_bf16_supported()
    return "bf16" if has_bf16 else "fp32"


def _has_gpu(settings: NetworkSettings) -> bool:
    return settings.accelerator != "cpu" and torch.cuda.is_available()


def _fit(
    module: FineTuning,
    settings: NetworkSettings,
    precision: str,
    resumed: Path | None,
    progress: Progress,
) -> tuple[dict[str, torch.Tensor], int]:
    """The state of the best epoch, and how many epochs there were."""
    kept = settings.checkpoints
    checkpoints = Checkpoints(kept)
    callbacks = [EarlyStopping(monitor="val_loss", patience=settings.patience), _Reporting(progress)]
    lightning.seed_everything(settings.seed, verbose=False)
    with _quiet(), disk_errors(kept):
        trainer = _trainer(settings, precision, [*callbacks, checkpoints])
        kept.mkdir(parents=True, exist_ok=True)
        try:
            with _signals():
                trainer.fit(module, ckpt_path=resumed)
        finally:
            _remove(kept, ())
        if not trainer.is_global_zero:
            raise SystemExit(0)  # of several processes one writes the result
        best = torch.load(kept / BEST, weights_only=True) if checkpoints.has_best else None
    if best is None:
        _remove(kept, () if settings.keep_checkpoints else (BEST, LAST))
        raise _setting("lr", "a rate at which the loss stays finite", f"{settings.lr} and a loss of NaN")
    return best["state_dict"], trainer.current_epoch


def _trainer(settings: NetworkSettings, precision: str, callbacks: list[Callback]) -> lightning.Trainer:
    try:
        return lightning.Trainer(
            accelerator=settings.accelerator,
            devices=settings.devices,
            max_epochs=settings.max_epochs,
            precision="bf16-mixed" if precision == "bf16" else "32-true",
            gradient_clip_val=settings.gradient_clip,
            callbacks=callbacks,
            plugins=[WholeFiles()],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,  # the batches are shared out by LengthBatches
            default_root_dir=settings.checkpoints,
        )
    except (MisconfigurationException, ValueError) as error:
        reason = str(error).split(". ")[0].rstrip(".!")  # what follows is advice for programmers
        found = f"{settings.devices} of {settings.accelerator!r} ({reason})"
        raise _setting("accelerator", "devices that this machine has", found) from error


def _setting(name: str, expected: str, found: str) -> BadInput:
    return BadInput(
        Problem(
            code="train.setting",
            where=f"setting {name}",
            expected=expected,
            found=found,
            fix="correct the setting",
        )
    )


@contextmanager
def _signals() -> Iterator[None]:
    """Whoever stops training must see that it did not end well: Lightning would exit with 0, or with 1."""
    try:
        yield
    except SIGTERMException as error:
        raise SystemExit(_SIGTERM_EXIT) from error
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise


def _remove(folder: Path, names: Sequence[str]) -> None:
    """Removes checkpoints of these names, and their folder if nothing else is in it."""
    with suppress(OSError):
        for name in names:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _estimate(module: FineTuning, settings: NetworkSettings, precision: str) -> str:
    """How long an epoch will take, by the time that a few of its batches took.

    Forward and backward passes on the processor, in the precision of the run; on another device nobody
    knows before the first epoch.
    """
    run = (
        f"training {settings.encoder.name} on {module.rows_of_an_epoch():,} rows, {precision}, "
        f"at most {settings.max_epochs} epoch{'' if settings.max_epochs == 1 else 's'}"
    )
    if settings.accelerator not in {"auto", "cpu"} or _has_gpu(settings):
        return f"{run}, on {settings.accelerator}; `--sample` makes it shorter"
    warm_up, *batches = module.probes(_PROBES)
    module.train()
    batches = batches or [warm_up]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
        module.loss(warm_up).backward()  # type: ignore[no-untyped-call]  # torch has no types here
        started_s = time.perf_counter()
        for batch in batches:
            module.loss(batch).backward()  # type: ignore[no-untyped-call]  # as above
    elapsed_s = time.perf_counter() - started_s
    module.zero_grad()
    tokens = sum(batch["ids"].numel() for batch in batches)
    epoch_s = elapsed_s / tokens * module.tokens_of_an_epoch() / settings.devices
    threads = torch.get_num_threads()
    return (
        f"{run}, on {threads} thread{'' if threads == 1 else 's'}: about {_duration(epoch_s)} for an epoch's "
        "steps; `--sample` makes it shorter"
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class _Reporting(Callback):
    """Tells how many steps of how many are done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: object, **__: object) -> None:
        total = int(trainer.estimated_stepping_batches)
        self._progress("fine-tune", trainer.global_step, total)


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning's advertising and advice are for notebooks; errors still come through."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _hyperparameters(
    settings: NetworkSettings, schema: Schema, train: Examples, precision: str
) -> dict[str, Any]:
    """Every effective setting, under the names of the layout where it has one."""
    left_out = {
        *("encoder", "text_steps", "checkpoints", "keep_checkpoints", "resume", "threads", "accelerator"),
    }
    own = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name not in left_out}
    pad = settings.encoder.config.get("pad_token_id")
    return own | {
        "precision": precision,
        "tokenizer": settings.encoder.name,
        "pad_token_id": pad if isinstance(pad, int) else 0,
        "text_processing_steps": list(settings.text_steps),
        "chunk_trancate": True,  # the layout's own spelling
        "text_input_ids_key": "input_ids",
        "text_attention_mask_key": "attention_mask",
        "network_fields": list(schema.names(Kind.NUMERIC, Kind.CATEGORICAL)),
        "input_tab_dim": train.inputs.tabular.shape[1],
        "training_rows": len(train),
        "class_weights": [1.0] * len(schema.classes),
    }


def _files(network: Network, settings: NetworkSettings) -> dict[str, bytes]:
    """The weights, and the tokenizer with the encoder's configuration."""
    return {
        "model.pth": _saved(_state(network)),
        f"{TOKENIZER_FOLDER}/{TOKENIZER}": settings.encoder.tokenizer,
        f"{TOKENIZER_FOLDER}/{ENCODER_CONFIG}": pretty_json(dict(settings.encoder.config)),
    }


def _artifacts(
    network: Network, settings: NetworkSettings, configuration: Mapping[str, Any]
) -> dict[str, bytes]:
    """The layout's second file of a network, with a copy of the configuration and of the tables."""
    state = _state(network)
    words = next(value for name, value in state.items() if name.endswith("word_embeddings.weight"))
    vocabulary = Tokenizer.from_buffer(settings.encoder.tokenizer).get_vocab(with_added_tokens=True)
    artifacts = {
        "config": dict(configuration),
        "embedding_mat": torch.nn.Parameter(words),
        "vocab": dict(sorted(vocabulary.items(), key=lambda entry: entry[1])),
        "model_class": settings.model_class,
        "torch_version": torch.__version__,
        "pytorch_lightning_version": lightning.__version__,
    }
    return {"model_artifacts.pth": _saved(artifacts)}


def _state(network: Network) -> dict[str, torch.Tensor]:
    return {name: value.detach().float().cpu().contiguous() for name, value in network.state_dict().items()}


def _saved(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()
