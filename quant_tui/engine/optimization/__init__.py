"""The search for a strategy's parameters: spaces, objectives, evaluation, and what to choose."""
