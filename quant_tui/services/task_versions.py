"""The versions that tasks' figures depend on."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

from quant_tui.engine.version import ENGINE_VERSION

PACKAGES = ("quant-tui", "numpy", "numba", "TA-Lib")


def task_versions() -> dict[str, str]:
    """Return the versions of the process that calls this: name to version.

    Python's to the minor version; ``engine`` is the version of what the numbers mean; empty
    where a package is missing.
    """
    python = ".".join(map(str, sys.version_info[:2]))
    packages = {name: _installed(name) for name in PACKAGES}
    return {"python": python, **packages, "engine": ENGINE_VERSION}


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
