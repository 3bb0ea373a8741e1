"""How far a backtest can be believed: pure functions, each with its source."""
