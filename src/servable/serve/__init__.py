"""The endpoint: the hosting contract over HTTP, in front of a scorer.

`open_socket` before the model is loaded, `replay_golden` before anything is served, `create_app`,
and `run` until the process is told to stop.
"""

from servable.serve.app import App, create_app
from servable.serve.batcher import BatchLimits
from servable.serve.limits import Limits
from servable.serve.readiness import replay_golden
from servable.serve.server import open_socket, run, url_of
from servable.serve.settings import Settings, read_settings

__all__ = [
    "App",
    "BatchLimits",
    "Limits",
    "Settings",
    "create_app",
    "open_socket",
    "read_settings",
    "replay_golden",
    "run",
    "url_of",
]
