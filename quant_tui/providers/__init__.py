"""Sources of market data: files, and later services on the network.

Import :mod:`quant_tui.providers.files` to read files; the package itself stays empty.
"""
