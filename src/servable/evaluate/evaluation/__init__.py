"""What scores are worth on labelled rows."""
