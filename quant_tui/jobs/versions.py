"""Versions compared: tasks run only where they come to the same figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quant_tui.domain.errors import VersionsDiffer

Versions = Callable[[], dict[str, str]]
"""Tells the versions that figures depend on, of the process that calls it: name to version.

A function of a module, so that it can be called elsewhere.
"""


def check_versions(place: str, expected: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Compare versions.

    Parameters
    ----------
    place
        Where ``found`` was found, for people.
    expected, found
        Name to version.

    Raises
    ------
    VersionsDiffer
        One is another, or missing; the message names each.
    """
    wrong = [
        f"{name} {found.get(name) or 'missing'} instead of {version}"
        for name, version in expected.items()
        if found.get(name) != version
    ]
    if wrong:
        raise VersionsDiffer(
            f"{place} has {', '.join(wrong)}.",
            hint="Install the same versions there, best from the same lock file.",
        )
