"""Texts to token ids: the steps that an artifact records, chunking, tokenizing."""

from servable.preprocess.text.html import text_of_html
from servable.preprocess.text.pipeline import TextPipeline, TextSettings
from servable.preprocess.text.steps import CHUNKER, TOKENIZER, compose

__all__ = ["CHUNKER", "TOKENIZER", "TextPipeline", "TextSettings", "compose", "text_of_html"]
