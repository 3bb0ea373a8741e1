"""Bytes of a text file as blocks of whole UTF-8 lines, whatever its encoding.

Blocks keep memory bounded and let progress, cancelling and row numbers be exact: each
block knows the number of its first line.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from quant_tui.providers.problems import file_error

BLOCK_BYTES = 8 << 20
SAMPLE_BYTES = 1 << 20
LONGEST_LINE = 32 << 20

MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Save the sheet as CSV, or unpack it."),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "Save the sheet as CSV."),
    (b"%PDF", "a PDF document", "Get the figures as CSV."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first; gzip is read as it is."),
    (b"BZh", "compressed with bzip2", "Unpack it first; gzip is read as it is."),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it first; gzip is read as it is."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
)

ENCODING_HINT = "Name its encoding, for example utf-8, cp949 (Korean), utf-16 or latin-1."


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a file.

    Attributes
    ----------
    data
        UTF-8; whole lines, the very last of which may lack its line end.
    first_line
        Number of the first of them in the file, from 1.
    fraction
        Of the file, read so far, 0 to 1.
    last
        Whether the file ends here.
    """

    data: bytes
    first_line: int
    fraction: float
    last: bool


EMPTY = Block(b"", 1, 1.0, True)
"""All of a file that holds nothing but a byte-order mark."""


def open_error(path: Path, error: OSError) -> Exception:
    """Say why a file cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return file_error(path, "there is no such file", f"Looked for {path}.")
    if isinstance(error, IsADirectoryError):
        return file_error(path, "is a folder", "Name a CSV or Parquet file in it.")
    if isinstance(error, PermissionError):
        return file_error(path, "may not be read", "Give yourself permission to read it.")
    return file_error(path, f"cannot be read ({error.strerror or error})")


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading; whoever opens a pipe would wait for its writer.

    Raises
    ------
    DataImportError
        When it cannot be opened, or is a folder, a pipe or a device.
    """
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError
        if not stat.S_ISREG(kind):
            raise file_error(
                path, "is a pipe or a device, not a file", "Save it to a file and import that."
            )
        return path.open("rb")
    except OSError as error:
        raise open_error(path, error) from error


class _Tap:
    """A file that counts and hashes what is read from it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()
        self.position = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._raw.read(size)
        self.digest.update(data)
        self.position += len(data)
        return data

    def seek(self, _position: int, /) -> object:
        """Refuse: what was read is already in the hash."""
        raise OSError("this file is read once, from its beginning to its end")


class TextFile:
    """A text file, plain or gzip, in a known or recognised encoding.

    Parameters
    ----------
    path
        The file.
    encoding
        Empty to recognise UTF-8, UTF-16 and Korean EUC-KR/CP949.

    Raises
    ------
    DataImportError
        When it cannot be opened, is not text, or its encoding cannot be told.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self.path = path
        self._raw = open_file(path)
        self._size = max(1, os.fstat(self._raw.fileno()).st_size)
        try:
            start = self._raw.read(16)
            self._raw.seek(0)
            self.compressed = start.startswith(b"\x1f\x8b")
            for magic, what, hint in MAGIC:
                if start.startswith(magic):
                    raise file_error(path, f"is {what}, not CSV or Parquet", hint)
            self._tap = _Tap(self._raw)
            self._stream: _Tap | gzip.GzipFile = self._tap
            if self.compressed:
                self._stream = gzip.GzipFile(mode="rb", fileobj=self._tap)
            self._head = self._read(SAMPLE_BYTES)
            self.encoding = encoding or _recognise_encoding(path, self._head)
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> TextFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    @property
    def content_hash(self) -> str:
        """SHA-256 of the file's bytes; complete once the blocks were read to the end."""
        return self._tap.digest.hexdigest()

    @property
    def text_size(self) -> int:
        """Bytes of the text: of a gzip file as its end says, modulo 4 GB."""
        if not self.compressed:
            return self._size
        with self.path.open("rb") as file:
            file.seek(-4, io.SEEK_END)
            return int.from_bytes(file.read(4), "little")

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """Yield the file's lines; may be called once.

        Raises
        ------
        DataImportError
            When the bytes are not text of this encoding (naming row and byte), or a gzip
            file is damaged or cut off.
        """
        decode = _Decoder(self.path, self.encoding)
        pending = b""
        line = 1
        chunk, self._head = self._head, b""
        while True:
            # One chunk ahead, so that the last block is known as such.
            following = self._read(block_bytes) if chunk else b""
            final = not following
            pending += decode.to_utf8(chunk, final=final)
            cut = len(pending) if final else pending.rfind(b"\n") + 1
            if cut:
                data, pending = pending[:cut], pending[cut:]
                yield Block(data, line, min(1.0, self._tap.position / self._size), final)
                line += data.count(b"\n")
            if len(pending) > LONGEST_LINE:
                raise file_error(self.path, "has a line of more than 32 MB", row=line)
            if final:
                return
            chunk = following

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except EOFError as error:
            raise file_error(
                self.path, "is cut off: its gzip stream ends early", "Get the whole file again."
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise file_error(
                self.path, f"is damaged gzip ({error})", "Get the file again."
            ) from error
        except OSError as error:
            raise open_error(self.path, error) from error


class _Decoder:
    """Turns chunks of one encoding into UTF-8, and knows where in the file it is."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._plain = codecs.lookup(encoding).name == "utf-8"
        # Only these swallow a byte-order mark; a plain one keeps it in the first name.
        self._decoder = codecs.getincrementaldecoder("utf-8-sig" if self._plain else encoding)()
        self._bytes = 0
        self._lines = 1
        self._carriage_only: bool | None = None

    def to_utf8(self, chunk: bytes, *, final: bool) -> bytes:
        before = self._bytes
        self._bytes += len(chunk)
        try:
            text = self._decoder.decode(chunk, final=final)
        except UnicodeDecodeError as error:
            held = len(error.object) - len(chunk)
            good = error.object[: error.start].decode(self._encoding, errors="ignore")
            row = self._lines + good.count("\n")
            value = error.object[error.start]
            raise file_error(
                self._path,
                f"byte {before - held + error.start + 1:,} (0x{value:02X}) "
                f"is not {self._encoding} text",
                ENCODING_HINT,
                row=row,
            ) from error
        except UnicodeError as error:
            raise file_error(
                self._path, f"is not {self._encoding} text ({error})", ENCODING_HINT
            ) from error
        if self._carriage_only is None and text:
            self._carriage_only = "\n" not in text and "\r" in text
        if self._carriage_only:
            text = text.replace("\r", "\n")
        self._lines += text.count("\n")
        return text.encode()


def _recognise_encoding(path: Path, head: bytes) -> str:
    if not head:
        raise file_error(path, "is empty", "Export the data again.")
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    nulls = head.count(0)
    if nulls:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        # Letters of ASCII have one half of zero; some of Hangul have the other.
        if odd > 0.3 * len(head) / 2 and odd > 4 * even:
            return "utf-16-le"
        if even > 0.3 * len(head) / 2 and even > 4 * odd:
            return "utf-16-be"
    control = sum(head.count(code) for code in range(32) if code not in (9, 10, 12, 13, 26))
    if nulls or control > 0.005 * len(head):
        raise file_error(
            path, "is not text and not Parquet", "Give a CSV (also gzip) or a Parquet file."
        )
    try:
        _trim(head).decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_korean(_trim(head)):
            return "cp949"
        row = head[: error.start].count(b"\n") + 1
        raise file_error(
            path,
            f"byte {error.start + 1:,} (0x{head[error.start]:02X}) is not UTF-8 text",
            ENCODING_HINT,
            row=row,
        ) from error
    return "utf-8"


def _trim(head: bytes) -> bytes:
    """Leave out the last line, which the sample may have cut within a character."""
    cut = head.rfind(b"\n") + 1
    return head[:cut] if cut and len(head) >= SAMPLE_BYTES else head


def _is_korean(head: bytes) -> bool:
    """Whether it is EUC-KR with Hangul; Latin-1 text fails this strict decoding."""
    try:
        text = head.decode("euc_kr")
    except UnicodeDecodeError:
        return False
    return any("가" <= letter <= "힣" for letter in text)
