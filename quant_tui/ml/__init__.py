"""Models and features: filled by the ML platform."""
