"""PyTorch files become the plain data and the arrays that PyTorch itself would load."""

import io
import subprocess
import sys
import tracemalloc
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.artifact import read_torch

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def saved(value: object, protocol: int = 2) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=protocol)
    return buffer.getvalue()


def read(value: object, protocol: int = 2) -> object:
    return read_torch(saved(value, protocol), where="model.pth")


def assert_same(found: object, expected: object) -> None:
    """Equal in value, in kind and, for dicts, in order; the tensors bit for bit."""
    match expected:
        case torch.Tensor():
            tensor = expected.detach()
            array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
            assert isinstance(found, np.ndarray)
            assert (found.shape, found.dtype) == (array.shape, array.dtype)
            assert found.tobytes() == array.tobytes()
        case dict():
            assert type(found) is dict
            assert list(found) == list(expected)
            for key, value in expected.items():
                assert_same(found[key], value)
        case list() | tuple():
            assert isinstance(found, list | tuple)
            assert type(found) is (list if isinstance(expected, list) else tuple)
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                assert_same(one, other)
        case torch.torch_version.TorchVersion():
            assert type(found) is str
            assert found == str(expected)
        case _:
            assert type(found) is type(expected)
            assert found == expected


@st.composite
def tensors(draw: st.DrawFn) -> list[torch.Tensor]:
    """One to three views of one storage: of parts, steps, turned, repeated, empty, of no dimension."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    base = torch.randint(-9, 9, shape, generator=generator).to(dtype)
    if dtype.is_floating_point and base.numel():
        base.view(-1)[0] = draw(st.sampled_from([float("nan"), float("-inf"), 0.1, -0.0]))
    views = [base]
    for _ in range(draw(st.integers(0, 2))):
        views.append(_view(draw, views[-1]))
    return views


def _view(draw: st.DrawFn, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dim() == 0:
        return tensor.expand(draw(st.integers(0, 3)), 2)
    axis = draw(st.integers(0, tensor.dim() - 1))
    n = tensor.size(axis)
    match draw(st.sampled_from(["turn", "part", "pick", "repeat", "diagonal"])):
        case "turn":
            return tensor.transpose(axis, 0)
        case "part":
            start = draw(st.integers(0, n))
            return tensor.movedim(axis, 0)[start :: draw(st.integers(1, 3))]
        case "pick" if n:
            return tensor.select(axis, draw(st.integers(0, n - 1)))
        case "diagonal" if tensor.dim() > 1:
            return tensor.diagonal()
        case _:
            return tensor.unsqueeze(axis).expand(*tensor.shape[:axis], 2, *tensor.shape[axis:])


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | tensors()
)
KEYS = st.text() | st.integers(-(2**63), 2**63 - 1)
NESTED = st.recursive(
    LEAVES,
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.lists(parts, max_size=4).map(tuple)
        | st.dictionaries(KEYS, parts, max_size=4)
        | st.dictionaries(st.text(), parts, max_size=4).map(OrderedDict)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(NESTED, st.sampled_from([2, 3, 4, 5]))
def test_nested_data_with_tensors_comes_back(value: object, protocol: int) -> None:
    assert_same(read(value, protocol), value)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_tensor_of_each_type_keeps_its_numbers(dtype: torch.dtype) -> None:
    tensor = torch.tensor([[0, 1, 1], [1, 0, 1]]).to(dtype)

    assert_same(read(tensor), tensor)


def test_bfloat16_becomes_float32_with_every_bit_kept() -> None:
    bits = torch.arange(-(2**15), 2**15).to(torch.int16)

    found = read(bits.view(torch.bfloat16))

    assert isinstance(found, np.ndarray)
    assert found.dtype == np.float32
    assert ((found.view(np.uint32) >> 16).astype(np.uint16) == bits.numpy().view(np.uint16)).all()


def test_a_state_dict_becomes_a_dict_in_its_order() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = network.state_dict()

    found = read(state)

    assert_same(found, state)
    assert isinstance(found, dict)
    assert list(found)[:2] == ["0.weight", "0.bias"]


def test_a_parameter_with_attributes_becomes_its_array() -> None:
    plain, marked = torch.nn.Parameter(torch.randn(2)), torch.nn.Parameter(torch.randn(2, 2))
    marked._is_initialized = True  # type: ignore[attr-defined]

    assert_same(read([plain, marked]), [plain, marked])


def test_a_size_becomes_a_tuple_and_the_version_its_text() -> None:
    found = read({"size": torch.Size([2, 3]), "version": torch.__version__})

    assert_same(found, {"size": (2, 3), "version": str(torch.__version__)})


def test_tensors_of_one_storage_share_one_array_that_nobody_can_change() -> None:
    weight = torch.arange(6.0).reshape(2, 3)

    found = read({"in": weight, "out": weight.T})

    assert isinstance(found, dict)
    assert np.shares_memory(found["in"], found["out"])
    with pytest.raises(ValueError, match="read-only"):
        found["in"][0, 0] = 1.0


def test_a_training_checkpoint_with_plain_settings_is_read() -> None:
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    schedule.step()
    checkpoint = {
        "epoch": 1,
        "global_step": 1,
        "pytorch-lightning_version": "2.6.6",
        "state_dict": network.state_dict(),
        "callbacks": {"ModelCheckpoint{'monitor': 'val_loss'}": {"best_model_score": torch.tensor(0.4)}},
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [schedule.state_dict()],
        "hparams_name": "config",
        "hyper_parameters": {"lr": 0.1, "fields": ["age"], "kernel": (3, 5), "label": None},
    }

    assert_same(read(checkpoint), checkpoint)


def test_a_large_state_dict_is_copied_once_at_most() -> None:
    data = saved({f"layer.{number}": torch.zeros(1 << 20) for number in range(4)})

    tracemalloc.start()
    try:
        found = read_torch(data, where="model.pth")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(found, dict)
    assert sum(array.nbytes for array in found.values()) == 16 << 20
    assert peak_bytes < 1.25 * (16 << 20)


def test_reading_needs_no_pytorch(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(saved({"weight": torch.nn.Parameter(torch.ones(2)), "version": torch.__version__}))
    program = (
        "import pathlib, sys; from servable.artifact import read_torch; "
        "value = read_torch(pathlib.Path(sys.argv[1]).read_bytes(), where='model.pth'); "
        "sys.exit('torch' if 'torch' in sys.modules else str(value['weight'].tolist()))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    )

    assert ended.stderr.strip() == "[1.0, 1.0]"


@pytest.mark.conformance
def test_every_stored_file_equals_what_pytorch_loads(shared_dir: Path) -> None:
    paths = sorted((shared_dir / "conformance" / "cases").glob("*/artifact/*.pth"))

    with torch.serialization.safe_globals([torch.torch_version.TorchVersion]):
        for path in paths:
            found = read_torch(path.read_bytes(), where=path.name)
            assert_same(found, torch.load(path, weights_only=True))

    assert len(paths) == 58
