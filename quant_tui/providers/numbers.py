"""Numbers as files write them: thousands separators and decimal commas, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = frozenset(
    ["", "null", "nan", "n/a", "na", "none", "nil", "-", "--", ".", "#n/a", "<na>", "nat"]
)
"""What files write, in any case, where there is no value."""

_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(,\d{3})+$")
_DOTTED_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(\.\d{3}){2,}$")
_COMMA_DECIMAL = re.compile(r"^[+-]?\d+,\d*$")
_DOT_DECIMAL = re.compile(r"^[+-]?\d*\.\d+$")

_VALID = {
    ".": r"^[+-]?(\d+|\d{1,3}(,\d{2,3})*,\d{3})?(\.\d*)?([eE][+-]?\d+)?$",
    ",": r"^[+-]?(\d+|\d{1,3}([. ]\d{3})+)?(,\d*)?([eE][+-]?\d+)?$",
}
_CURRENCY = set("$€£₩¥￦₹₿원円元")


def decimal_mark(prices: Iterable[str], volumes: Iterable[str], delimiter: str) -> str | None:
    """Tell the decimal mark from some values; None when they do not say.

    A comma before a group of three digits may be either. In volumes, and in files that
    are themselves separated by commas, it separates thousands.

    Parameters
    ----------
    prices, volumes
        Cells as they are written.
    delimiter
        Of the file.
    """
    votes = {".": 0, ",": 0}
    unclear = 0
    for column, cells in (("price", prices), ("volume", volumes)):
        for cell in cells:
            text = cell.strip()
            if "," in text and "." in text:
                votes[max(",.", key=text.rfind)] += 1
            elif _THOUSANDS.match(text):
                unclear += column == "price"
            elif _COMMA_DECIMAL.match(text) or _DOTTED_THOUSANDS.match(text):
                votes[","] += 1
            elif _DOT_DECIMAL.match(text) and not (
                column == "volume" and re.fullmatch(r"\d{1,3}\.\d{3}", text)
            ):
                votes["."] += 1
    if votes[","] > votes["."]:
        return ","
    if votes["."] or not unclear or delimiter == ",":
        return "."
    return None


def parse_numbers(
    cells: pa.Array, mark: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Turn cells into numbers.

    Parameters
    ----------
    cells
        Text, or numbers already.
    mark
        Decimal mark.

    Returns
    -------
    values
        float64; NaN where missing or wrong.
    absent
        Where nothing is written.
    wrong
        Where something else than a finite number is written.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_decimal(cells.type):
        cells = pc.cast(cells, pa.float64())
    if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        values = np.array(pc.cast(cells, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        absent = np.isnan(values)
        return _finite(values, absent, np.zeros(len(values), dtype=bool))
    if mark == ".":
        try:
            values = np.array(pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False))
        except pa.ArrowInvalid:
            pass
        else:
            # "nan" is a number to Arrow and a missing value to us.
            return _finite(values, np.isnan(values), np.zeros(len(values), dtype=bool))
    text = pc.utf8_trim_whitespace(pc.fill_null(pc.cast(cells, pa.string()), ""))
    absent_mask = pc.is_in(pc.utf8_lower(text), value_set=pa.array(sorted(MISSING)))
    valid = pc.and_(
        pc.match_substring_regex(text, _VALID[mark]), pc.match_substring_regex(text, r"\d")
    )
    good = pc.and_not(valid, absent_mask)
    plain = pc.replace_substring_regex(text, "[,\u00a0\u202f]" if mark == "." else r"[. ]", "")
    if mark == ",":
        plain = pc.replace_substring(plain, ",", ".")
    numbers = pc.cast(pc.if_else(good, plain, pa.scalar(None, pa.string())), pa.float64())
    values = np.array(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)
    absent = np.asarray(absent_mask.to_numpy(zero_copy_only=False), dtype=bool)
    wrong = ~np.asarray(good.to_numpy(zero_copy_only=False), dtype=bool) & ~absent
    return _finite(values, absent, wrong)


def explain_number(cell: str, mark: str) -> str:
    """Say why a cell is not a number."""
    text = cell.strip()
    shown = repr(text if len(text) <= 40 else text[:37] + "…")
    if any(letter in _CURRENCY for letter in text) or re.search(r"\b[A-Z]{3}\b", text):
        return f"{shown} has a currency sign; write the number alone"
    if "%" in text:
        return f"{shown} has a percent sign; write the number alone"
    if re.fullmatch(r"[\d.,]+\s*[KMBTkmbt만억]", text):
        return f"{shown} is abbreviated; write the number in full"
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return f"{shown} is not finite"
    if mark == "." and _COMMA_DECIMAL.match(text):
        return f"{shown} is not a number with decimal point; is the decimal mark a comma?"
    return f"{shown} is not a number"


def _finite(
    values: NDArray[np.float64], absent: NDArray[np.bool_], wrong: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    infinite = np.isinf(values)
    if infinite.any():
        wrong = wrong | infinite
        values = np.where(infinite, np.nan, values)
    return values, absent, wrong
