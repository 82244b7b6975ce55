"""What a model does: evaluated, explained, compared with another, watched for drift."""
