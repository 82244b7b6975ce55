"""The demo: one command from a public table to a proven endpoint."""

from servable.demo.demo import DemoModel, run_demo

__all__ = ["DemoModel", "run_demo"]
