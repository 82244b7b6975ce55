"""What comes from strangers or must not be left half-written: archives, pickles, tensors, JSON, writing."""

from servable.artifact.safe.archives import read_archive
from servable.artifact.safe.jsons import canonical_json, parse_json, pretty_json
from servable.artifact.safe.members import Limits
from servable.artifact.safe.onnx_contents import OnnxContents, OnnxNode, read_onnx
from servable.artifact.safe.onnx_files import check_onnx
from servable.artifact.safe.pickles import PickleLimits, read_pickle
from servable.artifact.safe.safetensors_files import read_safetensors
from servable.artifact.safe.tars import ARCHIVE_ENDINGS, names_archive, write_tar_gz
from servable.artifact.safe.tokenizer_files import check_tokenizer
from servable.artifact.safe.torch_files import TorchLimits, read_torch
from servable.artifact.safe.writing import (
    atomic_directory,
    atomic_stream,
    atomic_write,
    atomic_writer,
    disk_errors,
    require_vacant,
    require_writable,
)

__all__ = [
    "ARCHIVE_ENDINGS",
    "Limits",
    "OnnxContents",
    "OnnxNode",
    "PickleLimits",
    "TorchLimits",
    "atomic_directory",
    "atomic_stream",
    "atomic_write",
    "atomic_writer",
    "canonical_json",
    "check_onnx",
    "check_tokenizer",
    "disk_errors",
    "names_archive",
    "parse_json",
    "pretty_json",
    "read_archive",
    "read_onnx",
    "read_pickle",
    "read_safetensors",
    "read_torch",
    "require_vacant",
    "require_writable",
    "write_tar_gz",
]
