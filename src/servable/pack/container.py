"""The folder `code/` of a packed artifact: what a stock inference container looks for beside a model."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

INFERENCE: Final = "code/inference.py"
REQUIREMENTS: Final = "code/requirements.txt"

_INFERENCE_PY: Final = '''"""The functions that an inference container calls by name."""

from servable.handler import input_fn, model_fn, output_fn, predict_fn

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]
'''


def container_code(*, extras: Sequence[str] = ()) -> dict[str, bytes]:
    """The files below `code/`: the functions under the name that containers import, and what to install.

    Args:
        extras: of servable that the model's engine needs; none for one that runs on ONNX Runtime.
    """
    wanted = f"[{','.join(sorted(extras))}]" if extras else ""
    requirement = f"servable{wanted}=={version('servable')}\n"
    return {INFERENCE: _INFERENCE_PY.encode(), REQUIREMENTS: requirement.encode()}
