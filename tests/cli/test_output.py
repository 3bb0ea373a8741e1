"""What commands print alike."""

from __future__ import annotations

import json

import pytest

from quant_tui.cli.output import print_deleted


def test_what_is_deleted_is_named_and_cannot_act_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = {"deleted": "6741", "name": "a\x1b[31mb"}
    print_deleted(gone, as_json=False)
    print_deleted(gone, as_json=False, called="signal@0.1.0")
    print_deleted(gone, as_json=True)
    first, second, document = capsys.readouterr().out.split("\n", 2)
    assert (first, second) == ("a\\x1b[31mb is deleted.", "signal@0.1.0 is deleted.")
    assert json.loads(document) == gone
