"""A backtest as one file from which it can be run again anywhere, with its very bars."""

from __future__ import annotations

import io
import json
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from quant_tui.domain.base import Document
from quant_tui.domain.errors import QuantError
from quant_tui.engine import Bars
from quant_tui.engine.bars import FIELDS
from quant_tui.services.bundle_archive import pack, read_json, refuse, unpack
from quant_tui.services.outside_series import hash_of
from quant_tui.services.result_hash import HASHED, result_hash

FORMAT = "quant-tui backtest bundle"
FORMAT_VERSION = 1

_BENCHMARK = "bars/benchmark.npy"
_RESULT = "result.json"
_SYMBOLS = "bars/symbols.json"
_CALLS = "inputs/calls.json"
_SERIES = "inputs/series.npy"
_MEMBERS = frozenset(
    {_RESULT, _SYMBOLS, "bars/dates.npy", *(f"bars/{field}.npy" for field in FIELDS)}
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds.

    Attributes
    ----------
    document
        The run as ``backtest show --json`` prints it: configuration with rules and
        parameters, result, fingerprint, details.
    bars
        The bars that it ran on.
    benchmark
        Level of the benchmark at each date (T,), NaN where unknown; None without one.
    versions
        Of what made the bundle.
    inputs
        Series from outside that the run read, by call: (T,) or (T, N).
    """

    document: Document
    bars: Bars
    benchmark: NDArray[np.float64] | None
    versions: Document
    inputs: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the file; the same bundle gives the same bytes.

        ``manifest.json`` names format, versions, fingerprint and the SHA-256 of every
        other member; ``result.json`` is the document; the bars are NumPy arrays, dates
        (T,) and prices and volume (T, N), columns as ``bars/symbols.json`` has them. Series
        from outside are one array (K, T, N) with the calls in ``inputs/calls.json``.
        """
        members = {
            _RESULT: _json(self.document),
            _SYMBOLS: _json({"symbols": list(self.bars.symbols)}),
            "bars/dates.npy": _array(self.bars.dates),
        }
        members |= {f"bars/{field}.npy": _array(getattr(self.bars, field)) for field in FIELDS}
        if self.benchmark is not None:
            members[_BENCHMARK] = _array(self.benchmark)
        if self.inputs:
            shape = self.bars.close.shape
            members[_CALLS] = _json(
                {"calls": [[call, series.ndim] for call, series in self.inputs.items()]}
            )
            members[_SERIES] = _array(
                np.stack([_spread(series, shape) for series in self.inputs.values()])
            )
        manifest = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "name": self.document["name"],
            "fingerprint": self.document["fingerprint"],
            "versions": self.versions,
        }
        return pack(manifest, members)

    @classmethod
    def read(cls, path: Path) -> Bundle:
        """Read a bundle, and make sure that it is whole and belongs together.

        Raises
        ------
        InvalidInput
            It is no bundle, is damaged, or its parts are of different runs.
        """
        manifest, members = unpack(path, _MEMBERS, frozenset({_BENCHMARK, _CALLS, _SERIES}))
        if manifest.get("format") != FORMAT:
            refuse(path, "it is not a backtest's")
        if manifest.get("format_version") != FORMAT_VERSION:
            refuse(path, f"format version {manifest.get('format_version')!r} is not known here")
        document = read_json(path, _RESULT, members[_RESULT])
        arrays = {name: _read_array(path, name, members[name]) for name in members
                  if name.endswith(".npy")}  # fmt: skip
        symbols = read_json(path, _SYMBOLS, members[_SYMBOLS]).get("symbols")
        if not isinstance(symbols, list) or arrays["bars/dates.npy"].dtype.kind != "M":
            refuse(path, "its bars are damaged")
        try:
            bars = Bars(
                symbols,
                arrays["bars/dates.npy"],
                **{field: arrays[f"bars/{field}.npy"] for field in FIELDS},
            )
        except QuantError as error:
            refuse(path, f"its bars are damaged ({error.message.rstrip('.')})")
        benchmark = arrays.get(_BENCHMARK)
        if benchmark is not None and benchmark.shape != (len(bars),):
            refuse(path, "its benchmark is damaged")
        inputs = _read_inputs(path, members.get(_CALLS), arrays.get(_SERIES), bars)
        _check_fingerprint(path, manifest, document, bars, inputs)
        versions = manifest.get("versions")
        return cls(
            document,
            bars,
            cast("NDArray[np.float64] | None", benchmark),
            versions if isinstance(versions, dict) else {},
            inputs,
        )


def versions() -> Document:
    """Return the versions that a figure may depend on."""
    return {
        "quant_tui": version("quant-tui"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }


def _check_fingerprint(
    path: Path,
    manifest: Document,
    document: Document,
    bars: Bars,
    inputs: dict[str, NDArray[np.float64]],
) -> None:
    said = document.get("fingerprint")
    if not isinstance(said, dict) or said != manifest.get("fingerprint"):
        refuse(path, "result.json is of another run than its manifest")
    if said.get("data") != bars.content_hash:
        refuse(path, "its bars are not those of its result")
    if said.get("inputs", "") != hash_of(inputs):
        refuse(path, "its series from outside are not those of its result")
    if not all(key in document for key in (*HASHED, "config", "details", "name", "backtest_id")):
        refuse(path, "result.json is damaged")
    if not all(map(_holds_figures, (document["performance"], document["risk_metrics"]))):
        refuse(path, "result.json is damaged")
    try:
        digest = result_hash(document)
    except (TypeError, RecursionError):
        refuse(path, "result.json is damaged")
    if said.get("result") != digest:
        refuse(path, "the figures in result.json are not those of its fingerprint")


def _holds_figures(part: object) -> bool:
    return isinstance(part, dict) and all(
        value is None or isinstance(value, int | float) for value in part.values()
    )


def _spread(series: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.broadcast_to(series if series.ndim == 2 else series[:, None], shape)


def _read_inputs(
    path: Path, calls: bytes | None, series: NDArray[np.generic] | None, bars: Bars
) -> dict[str, NDArray[np.float64]]:
    if calls is None and series is None:
        return {}
    named = read_json(path, _CALLS, calls or b"{}").get("calls")
    if (
        series is None
        or not isinstance(named, list)
        or not all(
            isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and one[1] in (1, 2)
            for one in named
        )
        or series.dtype.kind != "f"
        or series.shape != (len(named), *bars.close.shape)
    ):
        refuse(path, "its series from outside are damaged")
    return {
        call: np.asarray(one if dimensions == 2 else one[:, 0], dtype=np.float64)
        for (call, dimensions), one in zip(named, series, strict=True)
    }


def _json(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _array(values: NDArray[np.generic]) -> bytes:
    target = io.BytesIO()
    npy.write_array(target, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
    return target.getvalue()


def _read_array(path: Path, name: str, content: bytes) -> NDArray[np.generic]:
    """Return an array whose header was compared with what follows it before any is made."""
    stream = io.BytesIO(content)
    try:
        if npy.read_magic(stream) != (1, 0):
            refuse(path, f"{name} is damaged")
        shape, fortran_order, dtype = npy.read_array_header_1_0(stream)
    except ValueError:
        refuse(path, f"{name} is damaged")
    held = len(content) - stream.tell()
    count = int(np.prod(shape, dtype=object))
    if (
        fortran_order
        or dtype.kind not in "fM"
        or min(shape, default=0) < 0
        or count * dtype.itemsize != held
    ):
        refuse(path, f"{name} is damaged")
    return np.frombuffer(content, dtype, count, stream.tell()).reshape(shape)
