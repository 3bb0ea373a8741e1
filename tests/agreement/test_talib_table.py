"""The table and the lookbacks that the engine knows without TA-Lib are the installed TA-Lib's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quant_tui.engine.indicators.talib_lookback import AVERAGES, LOOKBACKS
from tests.agreement.talib_table import TABLE, installed_table, lookback, written

FUNCTIONS = {entry["name"]: entry for entry in json.loads(TABLE.read_text(encoding="utf-8"))}
COUNTED = [name for name, entry in FUNCTIONS.items() if entry["lookback"] is None]


def test_the_table_is_the_installed_talibs():
    assert TABLE.read_text(encoding="utf-8") == written(installed_table())


def test_every_lookback_has_its_function():
    assert sorted(LOOKBACKS) == sorted(COUNTED)


@pytest.mark.parametrize("name", COUNTED)
def test_lookbacks_are_talibs(name):
    random = np.random.default_rng(7)
    parameters = FUNCTIONS[name]["parameters"]
    names = list(AVERAGES)
    for greatest in (3, 12, 400):
        for _ in range(60):
            ours, theirs = [], []
            for _, kind, default, low, _ in parameters:
                if kind == "average":
                    word = names[random.integers(len(names))]
                    ours.append(word)
                    theirs.append(AVERAGES[word])
                elif kind == "int":
                    ours.append(int(random.integers(low, greatest + 1)))
                    theirs.append(ours[-1])
                else:
                    theirs.append(default)
            if name == "MAVP" and ours[0] > ours[1]:
                continue
            assert LOOKBACKS[name](*ours) == lookback(name, theirs), (ours, theirs)
