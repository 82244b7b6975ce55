"""What requests of a model may look like: typical, drawn from what it knows, at its limits, hostile."""
