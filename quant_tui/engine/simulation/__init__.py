"""From signals to orders, fills, round trips and the equity curve."""
