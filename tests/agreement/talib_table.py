"""What the installed TA-Lib says of its functions.

As a script it writes the table that ships with the engine, which must not import TA-Lib to
know it:  python tests/agreement/talib_table.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import talib
from talib import abstract

TABLE = Path(__file__).parents[2] / "quant_tui/engine/indicators/talib_functions.json"

_BARS = 60
_GREATEST = 3e37
_REALS = (-_GREATEST, -1.0, 0.0, 0.01, 0.05, 0.5, 0.95, 0.99, 1.0, 50.0, 100.0, _GREATEST)


def installed_table() -> list[dict[str, object]]:
    """Every function with its inputs, parameters, outputs, and its lookback if that is fixed."""
    groups = talib.get_function_groups()
    return [_entry(name, group) for group, names in sorted(groups.items()) for name in names]


def lookback(name: str, values: list[float]) -> int:
    """Bars before the first value that TA-Lib gives, for parameter values in order."""
    function = abstract.Function(name)
    function.set_parameters(dict(zip(function.info["parameters"], values, strict=True)))
    return int(function.lookback)


def _entry(name: str, group: str) -> dict[str, object]:
    info = abstract.Function(name).info
    inputs: list[str] = []
    for key, value in info["input_names"].items():
        inputs += value if isinstance(value, list) else [key]
    defaults = list(info["parameters"].values())
    parameters = [
        [key, _kind(key, default), default, *_range(name, inputs, defaults, place)]
        for place, (key, default) in enumerate(info["parameters"].items())
    ]
    counted = any(kind != "real" for _, kind, *_ in parameters)
    return {
        "name": name, "group": group, "title": info["display_name"], "inputs": inputs,
        "parameters": parameters, "outputs": info["output_names"],
        "lookback": None if counted else lookback(name, defaults),
    }  # fmt: skip


def _kind(key: str, default: float) -> str:
    if key.endswith("matype"):
        return "average"
    return "int" if isinstance(default, int) else "real"


def _range(
    name: str, inputs: list[str], defaults: list[float], place: int
) -> tuple[float | None, float | None]:
    """Least and greatest value that it takes; None where any will do."""
    if name == "MAVP":
        defaults = [2, 100_000, 0] if place == 0 else defaults
    whole = isinstance(defaults[place], int)
    tried = (*range(-2, 8), 13, 14, 100_000, 100_001) if whole else _REALS
    taken = [value for value in tried if _takes(name, inputs, defaults, place, value)]
    low, high = taken[0], taken[-1]
    return None if low == -_GREATEST else low, None if high == _GREATEST else high


def _takes(
    name: str, inputs: list[str], defaults: list[float], place: int, value: float
) -> bool:  # fmt: skip
    series = [np.linspace(10.0, 20.0, _BARS) for _ in inputs]
    values = [*defaults[:place], value, *defaults[place + 1 :]]
    try:
        getattr(talib, name)(*series, *values)
    except Exception as error:  # TA-Lib raises nothing narrower
        if "Bad Parameter" not in str(error):
            raise
        return False
    return True


def written(table: list[dict[str, object]]) -> str:
    """The table as the file has it, one function a line."""
    return "[\n" + ",\n".join(json.dumps(entry) for entry in table) + "\n]\n"


if __name__ == "__main__":
    TABLE.write_text(written(installed_table()), encoding="utf-8")
