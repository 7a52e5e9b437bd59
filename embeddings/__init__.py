"""Text to vectors to nearest rows: encoders and the vector index. Knows nothing of articles or answers."""
