"""Artifacts of trained models: one file each, named by the hash of its content."""
