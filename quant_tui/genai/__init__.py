"""Language-model client, tools and retrieval."""
