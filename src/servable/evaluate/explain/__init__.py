"""What a model sees of a record, step by step, and where two ways part."""
