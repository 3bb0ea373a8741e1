"""A portfolio's numbers from its transactions: arrays in, arrays out."""
