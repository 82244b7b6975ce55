"""The inference handler's four functions, for containers that call them by name."""
