"""Where a tokenizer is found, and what stands in its folder."""
