"""ChromaDB: an index over texts that live in MongoDB."""
