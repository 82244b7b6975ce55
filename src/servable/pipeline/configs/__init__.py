"""Configurations of the steps of a pipeline, one module each."""

from servable.pipeline.configs.base import StepConfig
from servable.pipeline.configs.files import load_config, save_config
from servable.pipeline.configs.payload import PayloadConfig, variables_of

__all__ = ["PayloadConfig", "StepConfig", "load_config", "save_config", "variables_of"]
