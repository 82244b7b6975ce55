"""What a served population looks like: built where a model is made, compared where fresh data is."""
