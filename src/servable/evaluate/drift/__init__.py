"""Fresh data beside what a model was made for."""
