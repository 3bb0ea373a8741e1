"""Screens that lie over the app and answer one question."""
