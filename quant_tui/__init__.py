"""quant_tui: a terminal for quantitative traders."""

import sys

# An installed package cannot meet an old Python, a checkout can: `python3 -m quant_tui.bootstrap`
# comes by here first. So that even Python 2 can say what is wrong, no newer syntax is used.
if sys.version_info < (3, 11):  # noqa: UP036 - older ones do get here, see above
    sys.exit(
        "quant_tui needs Python 3.11 or newer; this is %d.%d (%s).\n"  # noqa: UP031 - see above
        "Start it with a newer one, for example: python3.11 -m quant_tui.bootstrap demo"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )
