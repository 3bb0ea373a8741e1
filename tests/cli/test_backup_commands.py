"""``quant-tui backup`` and ``restore``, and that nothing the program writes holds a secret."""

from __future__ import annotations

import json
import logging
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from quant_tui.cli.backup import restored
from quant_tui.cli.main import run as main
from quant_tui.services.restore import RestoreReport

from .conftest import Run

KEY = "PLANTED-9f8e7d6c5b4a"
MAIL = "PLANTED mail/pass+word"
PASSPHRASE = "PLANTED passphrase"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli") / "home"


def test_a_home_goes_through_a_file_into_another(run: Run, home: Path, tmp_path: Path) -> None:
    assert run("data", "import", "--sample").returncode == 0
    made = run(
        "backtest", "run", "--strategy", "SMA_CROSSOVER", "--symbols", "SPX",
        "--start", "2015-01-01", "--end", "2016-12-31", "--json",
    )  # fmt: skip
    before = json.loads(made.stdout)
    target = tmp_path / "all.backup.zip"
    done = run("backup", str(target), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["path"] == str(target)
    assert report["bytes"] == target.stat().st_size
    assert report["scope"] == "everything"
    assert report["one_moment"] is True
    again = run("backup", str(target))
    assert (again.returncode, again.stdout) == (1, "")
    assert "exists already" in again.stderr

    other = str(tmp_path / "other")
    restored = run("--home", other, "restore", str(target), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["documents"] == report["documents"]
    listed = run("--home", other, "backtest", "list", "--json")
    assert before["backtest_id"] in listed.stdout
    rerun = run("--home", other, "backtest", "rerun", before["backtest_id"], "--json")
    assert json.loads(rerun.stdout)["rerun"]["same"] is True
    refused = run("--home", other, "restore", str(target))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr


def test_what_is_no_backup_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(b"PK\x03\x04 nothing")
    for path, why in (
        (wrong, "damaged"),
        (tmp_path / "none.zip", "does not exist"),
        (tmp_path, "is a folder"),
    ):
        done = run("--home", str(tmp_path / "new"), "restore", str(path))
        assert done.returncode == 1
        assert why in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "new" / "data" / "market.duckdb").exists()


def test_nothing_that_is_written_holds_a_secret(
    home: Path,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Plant secrets everywhere they can come from, then look everywhere they could go."""
    import io

    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("QUANT_TUI_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("QUANT_TUI_SMTP_PASSWORD", MAIL)
    printed = []
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{KEY}\n"))
    for command in (
        ("secret", "set", "alpha_vantage_api_key"),
        ("secret", "list"),
        ("secret", "list", "--json"),
        ("doctor", "--json"),
        ("data", "list", "--json"),
        ("backup", str(tmp_path / "b.zip"), "--json"),
    ):
        done = run(*command)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout + done.stderr)
    doctor = json.loads(printed[3])
    assert doctor["keys"] == {
        "ALPHA_VANTAGE_API_KEY": True,
        "OPENAI_API_KEY": False,
        "QUANT_TUI_SMTP_PASSWORD": True,
    }
    assert doctor["key_sources"] == {
        "ALPHA_VANTAGE_API_KEY": "file",
        "QUANT_TUI_SMTP_PASSWORD": "environment",
    }

    def failing(*_: object, **__: object) -> None:
        logging.getLogger("some.library").warning("GET /query?apikey=%s", KEY)
        raise RuntimeError(f"no answer from /query?apikey={KEY}, login {MAIL}")

    monkeypatch.setattr("quant_tui.services.health.HealthService.doctor", failing)
    assert main(["--home", str(home), "doctor"]) == 1
    captured = capfd.readouterr()
    assert "RuntimeError: no answer from /query?apikey=••••, login ••••" in captured.err
    printed.append(captured.out + captured.err)

    log = (home / "logs" / "quant-tui.log").read_text()
    assert "GET /query?apikey=••••" in log
    assert "Traceback" in log
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        inside = b"".join(archive.read(name) for name in archive.namelist())
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.name == "secrets.sealed" for path in files)
    written = b"".join(path.read_bytes() for path in files) + inside + "".join(printed).encode()
    for planted in (KEY, MAIL, PASSPHRASE, "PLANTED"):
        assert planted.encode() not in written


def test_one_users_backup_says_to_sign_in() -> None:
    report = RestoreReport("a.zip", "user", "2026-03-02", 12, 1_000, False, 1.0)
    assert "sign in with the password" in restored(report, signed_in=False)
    assert "sign in" not in restored(report, signed_in=True)
    whole = replace(report, scope="everything", replaced=True)
    assert restored(whole, signed_in=False).endswith("rows, in the place of what was there.")
