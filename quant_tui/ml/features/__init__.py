"""Features: what may compute them, and the statistics by which they are judged."""
