"""What differs between two artifacts, and how scores move."""
