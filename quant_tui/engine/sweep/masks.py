"""Conditions as bits: which of two rows is higher, bar by bar, 64 bars a word.

Bit ``i`` of word ``w`` stands for bar ``64 w + i``. Rows are padded with NaN to whole
words, so that no loop has a remainder to care for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quant_tui.engine.arrays import BoolArray, FloatArray, IntArray
from quant_tui.engine.compiled import compiled

WORD = 64
"""Bars a word."""

TILE = 8
"""Words of every row that are compared before the next ones, so that they stay in cache."""

MaskArray = NDArray[np.uint64]
"""Bits of conditions."""

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_LAST = np.uint64(63)


def words_of(bars: int) -> int:
    """Words that so many bars take."""
    return -(-bars // WORD)


def packed(truth: BoolArray) -> MaskArray:
    """Pack truth (T, N) to bits (N, W)."""
    width = words_of(len(truth)) * WORD
    bits = np.zeros((truth.shape[1], width), dtype=np.bool_)
    bits[:, : len(truth)] = truth.T
    octets = np.packbits(bits, axis=1, bitorder="little")
    return octets.view("<u8").astype(np.uint64, copy=False)


@compiled
def finite_bits(values: FloatArray, finite: MaskArray) -> bool:
    """Set the bits (R, N, W) of the bars whose value (R, N, 64 W) is a finite number.

    Returns
    -------
    bool
        Whether a value is infinite.
    """
    infinite = False
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            for word in range(finite.shape[2]):
                base = word * WORD
                good = np.uint64(0)
                bad = np.uint64(0)
                for bit in range(WORD):
                    value = values[row, column, base + bit]
                    good |= np.uint64(value - value == 0.0) << np.uint64(bit)
                    bad |= np.uint64(value == value) << np.uint64(bit)
                finite[row, column, word] = good
                infinite = infinite or bad != good
    return infinite


@compiled
def compare_rows(
    left: FloatArray,
    left_index: IntArray,
    right: FloatArray,
    right_index: IntArray,
    above: MaskArray,
    below: MaskArray,
) -> None:
    """Compare pairs of rows.

    Parameters
    ----------
    left, right
        Figures (R, N, 64 W).
    left_index, right_index
        Row of either side for each of K pairs.
    above, below
        Take the bits (K, N, W) where left > right, and where left < right.
    """
    words = above.shape[2]
    for column in range(left.shape[1]):
        for first in range(0, words, TILE):
            last = min(first + TILE, words)
            for pair in range(left_index.shape[0]):
                a = left[left_index[pair], column]
                b = right[right_index[pair], column]
                for word in range(first, last):
                    base = word * WORD
                    x = a[base : base + WORD]
                    y = b[base : base + WORD]
                    high = np.uint64(0)
                    low = np.uint64(0)
                    for bit in range(WORD):
                        high |= np.uint64(x[bit] > y[bit]) << np.uint64(bit)
                        low |= np.uint64(x[bit] < y[bit]) << np.uint64(bit)
                    above[pair, column, word] = high
                    below[pair, column, word] = low


@compiled
def compare_numbers(
    left: FloatArray,
    left_index: IntArray,
    numbers: FloatArray,
    above: MaskArray,
    below: MaskArray,
) -> None:
    """Compare rows with a number each (K,); otherwise as :func:`compare_rows`."""
    words = above.shape[2]
    for column in range(left.shape[1]):
        for first in range(0, words, TILE):
            last = min(first + TILE, words)
            for pair in range(left_index.shape[0]):
                a = left[left_index[pair], column]
                y = numbers[pair]
                for word in range(first, last):
                    base = word * WORD
                    x = a[base : base + WORD]
                    high = np.uint64(0)
                    low = np.uint64(0)
                    for bit in range(WORD):
                        high |= np.uint64(x[bit] > y) << np.uint64(bit)
                        low |= np.uint64(x[bit] < y) << np.uint64(bit)
                    above[pair, column, word] = high
                    below[pair, column, word] = low


@compiled
def crossings(
    above: MaskArray,
    below: MaskArray,
    defined: MaskArray,
    strict: bool,
    true: MaskArray,
    known: MaskArray,
) -> None:
    """Find where one row passes from below another to above it.

    Parameters
    ----------
    above, below
        Bits (K, N, W) of the bars on which it is above, and below.
    defined
        Bits of the bars on which both rows have a value.
    strict
        Whether it must have been below on the very bar before, or on the last bar on
        which the two differed.
    true, known
        Take the bits of the crossings, and of the bars on which there can be one: from
        the second defined bar on.
    """
    for pair in range(above.shape[0]):
        for column in range(above.shape[1]):
            high = above[pair, column]
            low = below[pair, column]
            both = defined[pair, column]
            crossed = true[pair, column]
            seen = known[pair, column]
            carry = np.uint64(0)
            started = False
            for word in range(high.shape[0]):
                here = both[word]
                up = high[word] & here
                state = low[word] & here
                if not strict:
                    through = ~(up | state)
                    if through != np.uint64(0):
                        state |= carry & through
                        for power in range(6):
                            step = np.uint64(1 << power)
                            state |= through & (state << step)
                            through &= through << step
                crossed[word] = up & ((state << np.uint64(1)) | carry)
                carry = state >> np.uint64(63)
                if not started and here != np.uint64(0):
                    started = True
                    here &= here - np.uint64(1)
                seen[word] = here
