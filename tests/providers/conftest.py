from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quant_tui.domain.errors import DataImportError
from quant_tui.providers.files import ReadOptions, read_bars

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every private folder is made here, and none is left behind."""
    folder = tmp_path / "staging"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "AAPL.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def bars() -> Callable[..., pa.Table]:
    def bars(path: Path, **options: object) -> pa.Table:
        with read_bars(path, ReadOptions(**options)) as staged:  # type: ignore[arg-type]
            return pq.read_table(staged.path)

    return bars


@pytest.fixture
def refusal() -> Callable[..., DataImportError]:
    def refusal(path: Path, **options: object) -> DataImportError:
        with pytest.raises(DataImportError) as caught:
            read_bars(path, ReadOptions(**options))  # type: ignore[arg-type]
        assert path.name in caught.value.message
        assert caught.value.problems
        assert any(problem.fatal for problem in caught.value.problems)
        return caught.value

    return refusal
