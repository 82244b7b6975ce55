"""Pipelines: configurations of steps, and the graph that orders them."""

from servable.payload import VariableType
from servable.pipeline.configs import PayloadConfig, StepConfig, load_config, save_config
from servable.pipeline.dag import PipelineDAG

__all__ = ["PayloadConfig", "PipelineDAG", "StepConfig", "VariableType", "load_config", "save_config"]
