"""One-shot commands and the way into the app."""
