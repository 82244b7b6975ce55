"""Fitting the calibrator of a model again, into a copy of its artifact."""
