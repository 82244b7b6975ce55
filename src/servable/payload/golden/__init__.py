"""Golden answers beside a payload archive: what an endpoint must answer to each of its files."""
