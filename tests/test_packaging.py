"""What is shipped: the wheel holds the data and the console script, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel as ``pip install .`` would, with the build backend that is installed."""
    output = tmp_path_factory.mktemp("wheel")
    build = (
        "import sys, hatchling.build; sys.stdout.write(hatchling.build.build_wheel(sys.argv[1]))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", build, str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    (path,) = output.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_holds_the_shipped_data_byte_for_byte(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    data = [path for path in (ROOT / "sample_data").iterdir() if path.suffix != ".py"]
    themes = list((ROOT / "themes").glob("*.yaml"))
    assert {"bars.parquet", "manifest.json", "PROVENANCE.md"} <= {path.name for path in data}
    assert themes
    for path in (path for path in [*data, *themes] if path.is_file()):
        shipped = f"quant_tui/_data/{path.parent.name}/{path.name}"
        assert shipped in names
        assert wheel.read(shipped) == path.read_bytes()


def test_wheel_holds_no_scripts_caches_or_tests(wheel: zipfile.ZipFile) -> None:
    for name in wheel.namelist():
        assert name.startswith(("quant_tui/", "quant_tui-")), name
        assert "__pycache__" not in name
        assert not (name.startswith("quant_tui/_data/") and name.endswith((".py", ".pyc"))), name


def test_wheel_holds_every_module_and_style_sheet(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for pattern in ("*.py", "*.tcss"):
        for path in (ROOT / "quant_tui").rglob(pattern):
            assert path.relative_to(ROOT).as_posix() in names


def test_wheel_has_the_console_script_and_the_licence(wheel: zipfile.ZipFile) -> None:
    (information,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    folder = information.rsplit("/", 1)[0]
    scripts = wheel.read(f"{folder}/entry_points.txt").decode()
    assert "quant-tui = quant_tui.__main__:main" in scripts
    metadata = Parser().parsestr(wheel.read(information).decode())
    assert metadata["License-Expression"] == "MIT"
    assert f"{folder}/licenses/LICENSE" in wheel.namelist()
    assert metadata["Requires-Python"] == ">=3.11"
