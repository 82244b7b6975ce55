"""The demo: one command from a public table to a proven endpoint."""

from servable.demo.demo import run_demo

__all__ = ["run_demo"]
