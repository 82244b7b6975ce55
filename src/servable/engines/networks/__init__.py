"""Text networks on torch: encoder, families, and their weights. They need the extra `torch`."""

from servable.errors import Problem, Unavailable

try:
    import torch  # noqa: F401  # asked for here, so that its absence is said once
except ImportError as error:
    raise Unavailable(
        Problem(
            code="engine.extra",
            where="text network",
            expected="the package torch",
            found="that it is not installed",
            fix="install servable[torch], or serve the packed artifact, which does not need it",
        )
    ) from error

from servable.engines.networks.families import FAMILIES, build_network, new_network
from servable.engines.networks.network import Network, evaluation
from servable.engines.networks.torch_network import TorchNetwork

__all__ = ["FAMILIES", "Network", "TorchNetwork", "build_network", "evaluation", "new_network"]
