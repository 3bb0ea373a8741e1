"""Version of what the engine's numbers mean."""

ENGINE_VERSION = "1.2.1"
"""Raised whenever the same input could give another number; part of every fingerprint."""
