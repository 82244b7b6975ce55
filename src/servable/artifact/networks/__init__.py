"""Reading networks: the layout of the handler's documentation, and that of Hugging Face."""
