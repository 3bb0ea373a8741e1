"""Entities of the data model, one module per domain, and the errors of the program.

Nothing here imports another package of ours. Import the module you need; the
package itself stays empty so that :mod:`quant_tui.domain.errors` costs no pydantic.
"""
