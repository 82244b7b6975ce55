"""Texts to token ids: the steps that an artifact records, chunking, tokenizing."""

from servable.preprocess.text.html import text_of_html
from servable.preprocess.text.pipeline import TextPipeline, TextSettings
from servable.preprocess.text.steps import compose

__all__ = ["TextPipeline", "TextSettings", "compose", "text_of_html"]
