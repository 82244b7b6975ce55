"""Which rows a training used, and which part of its split each row of a table belongs to."""
