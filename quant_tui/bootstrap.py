"""The first command on a bare machine: set everything up, then start what was asked for.

Run from a checkout with any Python that is new enough and has pip or venv::

    python3 -m quant_tui.bootstrap demo        the app on sample data
    python3 -m quant_tui.bootstrap test        the tests
    python3 -m quant_tui.bootstrap run ...     quant-tui with arguments of one's own
    python3 -m quant_tui.bootstrap uv ...      the uv that the others use

uv is taken from PATH, or else installed into ``.uv/`` of the checkout; it then makes
``.venv/`` from ``uv.lock`` and runs the command in it. Nothing outside the checkout is
changed but uv's cache of downloads.

This file uses the standard library alone. A Python that is too old gets no further than the
package's ``__init__``, which says so.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MINIMUM_UV = (0, 8)
WINDOWS = os.name == "nt"
COMMANDS = ("demo", "test", "run", "uv")

USAGE = """\
usage: python3 -m quant_tui.bootstrap demo|test|run|uv [arguments]

  demo   set everything up, then open the app on sample data
  test   set everything up, then run the tests (arguments go to pytest)
  run    set everything up, then start quant-tui with the arguments given
  uv     run uv with the arguments given, installing it first where it is missing
"""


class SetupError(Exception):
    """Setting up cannot go on; the message says why and what to do."""


def find_checkout(start: Path) -> Path:
    """Return the checkout that this file belongs to.

    Parameters
    ----------
    start
        This file's own path.

    Raises
    ------
    SetupError
        When the package is an installed one: there is nothing to set up then.
    """
    root = start.resolve().parent.parent
    if not all((root / name).is_file() for name in ("pyproject.toml", "uv.lock")):
        raise SetupError(
            f"{root} is not a checkout of quant_tui: it has no pyproject.toml with a uv.lock.\n"
            "The installed package needs no setting up: start it with quant-tui, or quant-tui demo."
        )
    return root


def local_uv(root: Path) -> Path:
    """Return where the checkout keeps a uv of its own."""
    return root / ".uv" / "bin" / ("uv.exe" if WINDOWS else "uv")


def uv_version(program: Path) -> tuple[int, ...]:
    """Return the version of a uv, or an empty tuple when it does not run at all."""
    try:
        answer = subprocess.run(  # noqa: S603 - a program found by name, given no foreign input
            [str(program), "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    words = answer.stdout.split()
    if answer.returncode != 0 or len(words) < 2 or words[0] != "uv":
        return ()
    digits = words[1].split("+")[0].split("-")[0].split(".")
    return tuple(int(part) for part in digits if part.isdigit())


def find_uv(root: Path) -> Path | None:
    """Return a uv that runs and is new enough: from PATH, or the checkout's own."""
    on_path = shutil.which("uv")
    candidates = ([Path(on_path)] if on_path else []) + [local_uv(root)]
    for program in candidates:
        if uv_version(program) >= MINIMUM_UV:
            return program
    return None


def install_uv(root: Path) -> Path:
    """Install uv into the checkout with what this Python has: venv, or else pip.

    The work is done in a temporary folder and the finished program moved into its place in
    one step, so that an interrupted or a second, simultaneous start leaves nothing half done.

    Returns
    -------
    Path
        The program.

    Raises
    ------
    SetupError
        When neither road is open, or both failed.
    """
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    has_venv = has_ensurepip and importlib.util.find_spec("venv") is not None
    has_pip = importlib.util.find_spec("pip") is not None
    if not has_venv and not has_pip:
        raise SetupError(
            f"This Python ({sys.executable}) has neither venv nor pip, so uv cannot be installed.\n"
            "Install one of them (Debian, Ubuntu: apt-get install python3-venv; Fedora: dnf\n"
            "install python3-pip), or uv itself, and start this again."
        )
    say("uv is not on PATH: installing it into .uv/ of this checkout ...")
    target = local_uv(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="install-", dir=root / ".uv") as name:
        folder = Path(name)
        if not (has_venv and _with_venv(folder)) and not (has_pip and _with_pip(folder)):
            raise SetupError(
                "uv could not be installed; pip's own words are above. The first start needs a\n"
                "network and a package index that pip reaches. Where there is none, install uv by\n"
                "other means, or quant_tui itself with pip (README, second road)."
            )
        built = [path for path in folder.rglob(target.name) if path.parent.name in _BIN]
        if not built or uv_version(built[0]) < MINIMUM_UV:
            raise SetupError(
                "pip installed a uv that does not run on this machine.\n"
                "Install uv by other means, or quant_tui itself with pip (README, second road)."
            )
        built[0].replace(target)
    return target


_BIN = ("bin", "Scripts")
_REQUIREMENT = "uv>=" + ".".join(map(str, MINIMUM_UV))
_PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-user"]


def _with_venv(folder: Path) -> bool:
    """Install uv with a virtual environment's pip; return whether it worked."""
    environment = folder / "venv"
    if not _succeeds([sys.executable, "-m", "venv", str(environment)]):
        return False
    python = environment / ("Scripts/python.exe" if WINDOWS else "bin/python")
    return _succeeds([str(python), *_PIP, _REQUIREMENT])


def _with_pip(folder: Path) -> bool:
    """Install uv with this Python's pip; return whether it worked.

    ``--target`` is what a pip under an operating system's management (PEP 668) still does.
    """
    return _succeeds([sys.executable, *_PIP, "--target", str(folder / "target"), _REQUIREMENT])


def _succeeds(command: list[str]) -> bool:
    """Run a command, its messages on stderr, and return whether it ended well."""
    # PIP_TARGET and the like, meant for other projects, contradict what is asked for here.
    unwanted = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    finished = subprocess.run(  # noqa: S603 - this Python, with arguments made above
        command, env=environment, stdout=sys.stderr, check=False
    )
    return finished.returncode == 0


def uv_environment(root: Path) -> dict[str, str]:
    """Return the environment for uv.

    No Python is fetched: the one that runs this is good enough. An active environment of
    another project is hidden from uv, which would warn about it. Where uv's cache cannot be
    written, for want of a home folder, the checkout keeps it.
    """
    environment = dict(os.environ)
    environment.setdefault("UV_PYTHON_DOWNLOADS", "never")
    environment.pop("VIRTUAL_ENV", None)
    if "UV_CACHE_DIR" not in environment and not _cache_is_writable(environment):
        say("The home folder cannot be written to: downloads are kept in .uv/cache instead.")
        environment["UV_CACHE_DIR"] = str(root / ".uv" / "cache")
    return environment


def _cache_is_writable(environment: dict[str, str]) -> bool:
    """Tell whether uv can write to its usual cache folder, or make it."""
    if WINDOWS:
        return True  # %LOCALAPPDATA% belongs to the user by definition
    usual = environment.get("XDG_CACHE_HOME") or str(
        Path(environment.get("HOME") or "/") / ".cache"
    )
    folder = Path(usual) / "uv"
    try:
        folder.mkdir(parents=True, exist_ok=True)  # as uv itself would
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def uv_arguments(root: Path, command: str, arguments: list[str]) -> list[str]:
    """Return uv's arguments for one of the commands.

    An environment that is there already keeps its Python; a new one gets the Python that
    runs this.
    """
    if command == "uv":
        return arguments
    options = ["run", "--frozen"]
    configured = os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv")
    if not (root / configured / "pyvenv.cfg").is_file():
        say("Setting up .venv/ from uv.lock (once; some hundred megabytes may be downloaded) ...")
        options += ["--python", sys.executable]
    if command == "test":
        return [*options, "--directory", str(root), "pytest", *arguments]
    options += ["--no-dev", "--project", str(root), "quant-tui"]
    return [*options, *(["demo"] if command == "demo" else []), *arguments]


def say(message: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(message, file=sys.stderr, flush=True)


def replace_process(program: Path, arguments: list[str], environment: dict[str, str]) -> int:
    """Become another program; on Windows, which has no such thing, run it and wait."""
    if not WINDOWS:
        os.execve(program, [str(program), *arguments], environment)  # noqa: S606 - no shell wanted
    finished = subprocess.run(  # noqa: S603 - uv, with arguments made above
        [str(program), *arguments], env=environment, check=False
    )
    return finished.returncode


def main(arguments: list[str]) -> int:
    """Set up and start what was asked for.

    Parameters
    ----------
    arguments
        The command line without the program's name.

    Returns
    -------
    int
        Exit code, where another program did not take this one's place: 1 for a machine that
        something is missing on, 2 for wrong usage, 130 when interrupted.
    """
    if arguments and arguments[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    try:
        if not arguments or arguments[0] not in COMMANDS:
            say(USAGE)
            return 2
        root = find_checkout(Path(__file__))
        if not os.access(root, os.W_OK):
            raise SetupError(
                f"{root} cannot be written to, and .venv/ has to go there.\n"
                "Clone quant_tui into a folder of your own and start it there."
            )
        environment = uv_environment(root)
        program = find_uv(root) or install_uv(root)
        return replace_process(
            program, uv_arguments(root, arguments[0], arguments[1:]), environment
        )
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"Setting up failed: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
