"""quant_tui: a terminal for quantitative traders."""
