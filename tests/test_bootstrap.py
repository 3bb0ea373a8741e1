"""The first command on a bare machine, run as a person runs it, with a stand-in for uv.

uv and pip are other people's programs: a script that writes down how it was called takes
their place, so that these tests need no network and install nothing.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from quant_tui import bootstrap

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are POSIX scripts")


@dataclass
class Machine:
    """A checkout and a PATH with nothing on it but what a test puts there."""

    checkout: Path
    programs: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = ["-m", "quant_tui.bootstrap"] if cwd is None else [str(self.script)]
        return subprocess.run(
            [sys.executable, *command, *arguments],
            cwd=cwd or self.checkout,
            # Should a stand-in be passed over, the real programs are not to reach for a network.
            env={
                "PATH": str(self.programs),
                "HOME": str(self.home),
                "PIP_NO_INDEX": "1",
                "UV_OFFLINE": "1",
            }
            | self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    @property
    def script(self) -> Path:
        return self.checkout / "quant_tui" / "bootstrap.py"

    @property
    def call(self) -> dict[str, object]:
        """How uv was called: its arguments, working directory and environment."""
        return json.loads((self.home / "call.json").read_text())

    def put_uv(self, path: Path, *, version: str = "9.9.9", body: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            # Python by way of the shell: its path may hold what a #! line cannot, such as a blank.
            f"#!/bin/sh\n''':'\nexec '{sys.executable}' \"$0\" \"$@\"\n'''\n"
            "import json, os, pathlib, signal, sys\n"
            "if sys.argv[1:] == ['--version']:\n"
            f"    print('uv {version} (stand-in)'); sys.exit(0)\n"
            f"pathlib.Path({str(self.home / 'call.json')!r}).write_text(json.dumps(dict(\n"
            "    program=sys.argv[0], arguments=sys.argv[1:], cwd=os.getcwd(),\n"
            "    pid=os.getpid(), environment=dict(os.environ))))\n" + textwrap.dedent(body)
        )
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    checkout = tmp_path / "a checkout"
    (checkout / "quant_tui").mkdir(parents=True)
    for name in ("pyproject.toml", "uv.lock", "quant_tui/__init__.py", "quant_tui/bootstrap.py"):
        shutil.copy(ROOT / name, checkout / name)
    made = Machine(checkout, tmp_path / "bin", tmp_path / "home")
    made.programs.mkdir()
    made.home.mkdir()
    return made


def test_demo_opens_the_app_without_the_development_group(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv")
    finished = machine.run("demo", "--theme", "light")
    assert finished.returncode == 0, finished.stderr
    assert machine.call["arguments"] == [
        "run", "--frozen", "--python", sys.executable,
        "--no-dev", "--project", str(machine.checkout), "quant-tui", "demo", "--theme", "light",
    ]  # fmt: skip
    assert "Setting up .venv/" in finished.stderr
    assert machine.call["environment"]["UV_PYTHON_DOWNLOADS"] == "never"


def test_test_runs_pytest_with_the_development_group(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv")
    finished = machine.run("test", "-k", "engine")
    assert finished.returncode == 0, finished.stderr
    assert machine.call["arguments"] == [
        "run", "--frozen", "--python", sys.executable,
        "--directory", str(machine.checkout), "pytest", "-k", "engine",
    ]  # fmt: skip


def test_run_passes_arguments_and_the_working_directory(machine: Machine, tmp_path: Path) -> None:
    machine.put_uv(machine.programs / "uv")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    machine.run("run", "data", "import", "my file.csv", "--help", cwd=elsewhere)
    assert machine.call["arguments"][-4:] == ["data", "import", "my file.csv", "--help"]
    assert Path(str(machine.call["cwd"])) == elsewhere, "relative paths of the person still work"


def test_uv_gets_its_arguments_untouched(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv")
    machine.run("uv", "sync", "--frozen")
    assert machine.call["arguments"] == ["sync", "--frozen"]


def test_an_environment_that_is_there_keeps_its_python(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv")
    (machine.checkout / ".venv").mkdir()
    (machine.checkout / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    finished = machine.run("demo")
    assert "--python" not in machine.call["arguments"]
    assert finished.stderr == "", "nothing is printed before the app opens"


@pytest.mark.parametrize("code", [0, 1, 2, 5, 130])
def test_exit_codes_pass_through(machine: Machine, code: int) -> None:
    machine.put_uv(machine.programs / "uv", body=f"sys.exit({code})\n")
    assert machine.run("test").returncode == code


def test_death_by_a_signal_passes_through(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv", body="os.kill(os.getpid(), signal.SIGTERM)\n")
    assert machine.run("demo").returncode == -signal.SIGTERM


def test_the_checkouts_own_uv_is_used_when_path_has_none(machine: Machine) -> None:
    own = machine.checkout / ".uv" / "bin" / "uv"
    machine.put_uv(own)
    assert machine.run("demo").returncode == 0
    assert machine.call["program"] == str(own)


@pytest.mark.parametrize(
    ("version", "body"), [("0.4.30", ""), ("nonsense", ""), ("9.9.9", "raise SyntaxError\n")]
)
def test_a_uv_on_path_that_is_too_old_or_broken_is_passed_over(
    machine: Machine, version: str, body: str
) -> None:
    own = machine.checkout / ".uv" / "bin" / "uv"
    machine.put_uv(own)
    machine.put_uv(machine.programs / "uv", version=version)
    if body:
        (machine.programs / "uv").write_text("#!/nonexistent/interpreter\n")
    assert machine.run("demo").returncode == 0
    assert machine.call["program"] == str(own)


def test_another_projects_environment_is_hidden_from_uv(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv")
    machine.environment["VIRTUAL_ENV"] = "/somewhere/else"
    machine.run("demo")
    assert "VIRTUAL_ENV" not in machine.call["environment"]


def test_without_a_home_downloads_stay_in_the_checkout(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv")
    machine.environment["HOME"] = "/proc/nobody"
    finished = machine.run("demo")
    assert finished.returncode == 0
    assert "home folder cannot be written to" in finished.stderr
    cache = str(machine.checkout / ".uv" / "cache")
    assert machine.call["environment"]["UV_CACHE_DIR"] == cache


def test_a_cache_of_ones_own_is_kept(machine: Machine) -> None:
    machine.put_uv(machine.programs / "uv")
    machine.environment |= {"HOME": "/proc/nobody", "UV_CACHE_DIR": "/var/tmp/uv"}
    finished = machine.run("demo")
    assert "home folder" not in finished.stderr
    assert machine.call["environment"]["UV_CACHE_DIR"] == "/var/tmp/uv"


@pytest.mark.parametrize("arguments", [(), ("dmeo",), ("--frozen",)])
def test_wrong_usage_shows_the_commands(machine: Machine, arguments: tuple[str, ...]) -> None:
    finished = machine.run(*arguments)
    assert finished.returncode == 2
    assert "demo|test|run|uv" in finished.stderr


def test_help(machine: Machine) -> None:
    finished = machine.run("--help")
    assert finished.returncode == 0
    assert finished.stdout == bootstrap.USAGE


def test_an_installed_package_says_that_there_is_nothing_to_set_up(machine: Machine) -> None:
    (machine.checkout / "uv.lock").unlink()
    finished = machine.run("demo")
    assert finished.returncode == 1
    assert "start it with quant-tui" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_neither_pip_nor_venv(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(bootstrap.SetupError, match="neither venv nor pip"):
        bootstrap.install_uv(machine.checkout)
    assert not (machine.checkout / ".uv").exists()


def test_pip_that_reaches_no_index_is_explained_and_leaves_nothing(machine: Machine) -> None:
    # Told to use no index and look nowhere, pip fails at once, as it does without a network.
    machine.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(machine.home)}
    finished = machine.run("demo")
    assert finished.returncode == 1
    assert "uv could not be installed" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert list((machine.checkout / ".uv").iterdir()) == [machine.checkout / ".uv" / "bin"]
    assert not list((machine.checkout / ".uv" / "bin").iterdir())


def test_pip_installs_uv_in_one_step(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(folder: Path) -> bool:
        machine.put_uv(folder / "target" / "bin" / "uv")
        return True

    # Whether this interpreter has pip or venv is left open: either of them does this.
    monkeypatch.setattr(bootstrap, "_with_venv", pip)
    monkeypatch.setattr(bootstrap, "_with_pip", pip)
    program = bootstrap.install_uv(machine.checkout)
    assert program == bootstrap.find_uv(machine.checkout) or shutil.which("uv")
    assert bootstrap.uv_version(program) == (9, 9, 9)
    assert [path.name for path in (machine.checkout / ".uv").iterdir()] == ["bin"]


def test_a_uv_that_does_not_run_is_not_kept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pip(folder: Path) -> bool:
        machine.put_uv(folder / "target" / "bin" / "uv", version="0.0.1")
        return True

    # Whether this interpreter has pip or venv is left open: either of them does this.
    monkeypatch.setattr(bootstrap, "_with_venv", pip)
    monkeypatch.setattr(bootstrap, "_with_pip", pip)
    with pytest.raises(bootstrap.SetupError, match="does not run on this machine"):
        bootstrap.install_uv(machine.checkout)
    assert not bootstrap.local_uv(machine.checkout).exists()


def test_a_read_only_checkout_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Root may write everywhere, so the operating system's answer is given for it.
    monkeypatch.setattr(bootstrap.os, "access", lambda path, mode: False)
    assert bootstrap.main(["demo"]) == 1
    assert "cannot be written to" in capsys.readouterr().err


def test_an_old_python_is_told_so() -> None:
    source = "import sys; sys.version_info = (3, 6, 8); import quant_tui.bootstrap"
    finished = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    assert "quant_tui needs Python 3.11 or newer; this is 3.6" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_an_old_python_can_read_the_file_that_tells_it() -> None:
    source = (ROOT / "quant_tui" / "__init__.py").read_text(encoding="ascii")
    ast.parse(source, feature_version=(3, 4))


def test_only_the_standard_library_is_imported() -> None:
    finished = subprocess.run(
        [sys.executable, "-S", "-I", "-c",
         f"import sys; sys.path.insert(0, {str(ROOT)!r}); import quant_tui.bootstrap;"
         "print(*sorted({name.split('.')[0] for name in sys.modules}))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = set(finished.stdout.split()) - {"quant_tui", "__main__"}
    assert names <= set(sys.stdlib_module_names) | {"_distutils_hack"}


def test_readme_names_the_two_commands() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    commands = [
        line.split("#")[0].strip()
        for line in first_screen.splitlines()
        if line.startswith("python3")
    ]
    assert commands == [
        "python3 -m quant_tui.bootstrap demo",
        "python3 -m quant_tui.bootstrap test",
    ]
    assert commands[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
