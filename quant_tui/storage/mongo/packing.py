"""Long series and large objects as bytes: small in a document, or beside it.

A series is an object whose lists have one entry a point (``{"date": [...], "value":
[...]}``). Packed into a document, numbers are eight bytes each and everything else is
BSON, compressed. Beyond a document they are Parquet, which any other program reads.
"""

from __future__ import annotations

import io
import math
import sys
import zlib
from array import array
from collections.abc import Sequence
from typing import Any

import bson

from quant_tui.domain.base import Document

_LEVEL = 1
"""zlib's fastest: prices hardly shrink more at its slowest, which takes ten times as long."""

_FLOATS = "float64"
_OTHERS = "bson"


def length(series: Document) -> int:
    """Return the number of points: the length of the longest list."""
    return max((len(value) for value in series.values() if isinstance(value, list)), default=0)


def pack(series: Document) -> Document:
    """Return a series with its lists as compressed bytes."""
    return {
        name: _pack_list(value) if isinstance(value, list) else {"plain": value}
        for name, value in series.items()
    }


def unpack(packed: Document) -> Document:
    """Return what :func:`pack` was given."""
    return {
        name: entry["plain"] if "plain" in entry else _unpack_list(entry)
        for name, entry in packed.items()
    }


def to_bytes(value: Document) -> tuple[str, bytes]:
    """Return an object as bytes, and the name of their format for :func:`from_bytes`."""
    table = _parquet(value)
    if table is not None:
        return "parquet", table
    return "bson+zlib", zlib.compress(bson.encode(value), _LEVEL)


def from_bytes(encoding: str, data: bytes) -> Document:
    """Return what :func:`to_bytes` was given.

    Raises
    ------
    ValueError
        The format is unknown, or the bytes are damaged.
    """
    if encoding == "parquet":
        from pyarrow import parquet

        return dict(parquet.read_table(io.BytesIO(data)).to_pydict())
    if encoding == "bson+zlib":
        return dict(bson.decode(zlib.decompress(data)))
    raise ValueError(f"unknown encoding {encoding!r}")


def _parquet(value: Document) -> bytes | None:
    """Return a table of equally long lists of numbers or texts, or None for anything else."""
    columns = list(value.values())
    if not columns or not all(isinstance(column, list) for column in columns):
        return None
    if len({len(column) for column in columns}) != 1 or not all(map(_is_uniform, columns)):
        return None
    import pyarrow as pa
    from pyarrow import parquet

    target = io.BytesIO()
    table = pa.table({name: pa.array(column) for name, column in value.items()})
    parquet.write_table(table, target, compression="zstd")
    return target.getvalue()


def _is_uniform(column: Sequence[Any]) -> bool:
    kinds = {type(one) for one in column} - {type(None)}
    return kinds in ({float}, {str}) and not any(
        isinstance(one, float) and math.isnan(one) for one in column
    )


def _pack_list(values: Sequence[Any]) -> Document:
    if all(type(one) is float for one in values):
        numbers = array("d", values)
        if sys.byteorder == "big":
            numbers.byteswap()
        kind, data = _FLOATS, numbers.tobytes()
    else:
        kind, data = _OTHERS, bson.encode({"values": values})
    return {"kind": kind, "data": zlib.compress(data, _LEVEL)}


def _unpack_list(entry: Document) -> list[Any]:
    data = zlib.decompress(entry["data"])
    if entry["kind"] == _OTHERS:
        return list(bson.decode(data)["values"])
    numbers = array("d")
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
