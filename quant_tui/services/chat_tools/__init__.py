"""Tools that a language model may call, over the user's own services."""
