"""A text network on torch: the engine of training outputs without a graph of their own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from servable.engines.devices import Device, no_cuda, out_of_memory
from servable.engines.networks.network import Network, evaluation
from servable.engines.two_parts import class_probabilities
from servable.records import FloatArray, ModelInputs


class TorchNetwork:
    """A network as an engine: in evaluation mode and without gradients while it runs.

    Between calls the network, its mode and torch's number of threads are as their owner left them. Its
    weights stay on the device from the beginning on. Products are computed in full float32 there too.
    """

    def __init__(
        self, network: Network, *, pad_token_id: int, threads: int = 1, device: Device = Device.CPU
    ) -> None:
        self._device = _torch_device(device)
        self._network: Network = network.to(self._device)
        self._pad_token_id = pad_token_id
        self._threads = threads

    @property
    def features(self) -> int:
        """How many columns `tabular` must have; 0 where texts alone are read."""
        return self._network.features

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._network.classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities of n records, at least one.

        Raises:
            Unavailable: `engine.memory` if they do not fit into the device's memory.
        """
        fields = self._network.text_fields
        with evaluation(self._network), _threads(self._threads):
            try:
                return class_probabilities(
                    inputs,
                    encoders={field: partial(self._encode, field) for field in fields},
                    head=self._logits,
                    pad_token_id=self._pad_token_id,
                )
            except torch.OutOfMemoryError as error:
                raise out_of_memory(str(self._device)) from error

    def _encode(self, field: str, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        return _array(self._network.encode(field, self._tensor(ids), self._tensor(mask)))

    def _logits(
        self, texts: Mapping[str, NDArray[np.float32]], tabular: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        vectors = {field: self._tensor(array) for field, array in texts.items()}
        return _array(self._network.head(vectors, self._tensor(tabular)))

    def _tensor(self, array: NDArray[np.generic]) -> torch.Tensor:
        """The array where the network's weights are."""
        return torch.tensor(array, device=self._device)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.float().cpu().numpy()
    return array


def _torch_device(device: Device) -> torch.device:
    has_cuda = device is not Device.CPU and torch.cuda.is_available()
    if device is Device.CUDA and not has_cuda:
        raise no_cuda("torch")
    return torch.device("cuda" if has_cuda else "cpu")


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
