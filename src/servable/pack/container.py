"""The folder `code/` of a packed artifact: what a stock inference container looks for beside a model."""

from importlib.metadata import version
from typing import Final

INFERENCE: Final = "code/inference.py"
REQUIREMENTS: Final = "code/requirements.txt"

_INFERENCE_PY: Final = '''"""The functions that an inference container calls by name."""

from servable.handler import input_fn, model_fn, output_fn, predict_fn

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]
'''


def container_code(*, extra: str | None = None) -> dict[str, bytes]:
    """The files below `code/`: the functions under the name that containers import, and what to install.

    What to install stands in a comment. A container installs every requirement of the file by itself, and
    a name that is looked up in a package index may get it somebody else's package.

    Args:
        extra: of servable that the model's engine needs; None for one that runs on ONNX Runtime.
    """
    wanted = f" with the extra `{extra}`" if extra else ""
    what = f"servable {version('servable')}{wanted}"
    comment = f"# Install {what} from its wheel: no package index is asked for it.\n"
    return {INFERENCE: _INFERENCE_PY.encode(), REQUIREMENTS: comment.encode()}
