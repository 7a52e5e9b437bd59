"""How the reader of ``embeddings.reader`` was trained and how well it reads."""
