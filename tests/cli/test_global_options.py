"""Global options stand anywhere on the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from quant_tui.cli.context import split_global_options
from quant_tui.domain.errors import InvalidInput


@pytest.mark.parametrize(
    "arguments",
    [
        ["--home", "/h", "data", "list", "--json"],
        ["data", "--home=/h", "list", "--json"],
        ["data", "list", "--json", "--home", "/h"],
    ],
)
def test_home_is_taken_from_anywhere(arguments: list[str]) -> None:
    options, rest = split_global_options(arguments)
    assert options.home == Path("/h")
    assert rest == ["data", "list", "--json"]


def test_settings_are_collected_and_the_last_wins() -> None:
    options, rest = split_global_options(["--set", "ui.theme=a=b", "--set=ui.theme=c", "doctor"])
    assert options.flags == {"ui.theme": "c"}
    assert rest == ["doctor"]


def test_a_cluster_is_a_setting_for_short() -> None:
    options, rest = split_global_options(["doctor", "--cluster", "tcp://host:8786"])
    assert options.flags == {"jobs.cluster": "tcp://host:8786"}
    assert rest == ["doctor"]


def test_after_two_dashes_everything_is_the_commands() -> None:
    options, rest = split_global_options(["strategy", "list", "--", "--home", "x"])
    assert options.home is None
    assert rest == ["strategy", "list", "--", "--home", "x"]


@pytest.mark.parametrize(
    "arguments", [["--home"], ["--home="], ["--set"], ["--set", "ui.theme"], ["--cluster"]]
)
def test_an_option_without_its_value_is_refused(arguments: list[str]) -> None:
    with pytest.raises(InvalidInput):
        split_global_options(arguments)
