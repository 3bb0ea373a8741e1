"""The app: frame, widgets, screens, themes."""
