"""Loops that are faster on a CPU than PyTorch's, compiled by numba at their first use. Each runs on one core.

Images are (n, height, width, channels) in C order: float32, or bf16 as uint16, its bits. Pools have windows of
`window` x `window` values, `stride` apart, without padding. Sums are in float32; bf16 is rounded to nearest, ties to
even.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Values = NDArray[np.float32] | NDArray[np.uint16]

_compiled = njit(nogil=True, error_model="numpy", boundscheck=False)


def max_pool(images: Values, window: int, stride: int) -> tuple[Values, NDArray[np.uint8]]:
    """The maximum of each window, and its position in the window; of equal values the first.

    NaN is greater than any number, and 0 than -0. A window has at most 255 values.
    """
    n, height, width, channels = images.shape
    pooled_height = (height - window) // stride + 1
    pooled_width = (width - window) // stride + 1
    shape = (n, pooled_height, pooled_width, channels)
    pooled = np.empty(shape, images.dtype)
    positions = np.empty(shape, np.uint8)
    signed = f"int{8 * images.itemsize}"
    pool = _max_pool(window, stride, signed)
    pool(images.view(signed), pooled.view(signed), positions)
    return pooled, positions


def max_pool_gradient(
    gradient: Values,
    positions: NDArray[np.uint8],
    shape: tuple[int, ...],
    window: int,
    stride: int,
) -> Values:
    """The gradient of images of this shape, from that of their maxima."""
    output = np.empty(shape, gradient.dtype)
    if window <= 2 * stride:
        gather = _gather_from_windows(window, stride)
        gather(gradient, positions, output)
    else:
        _scatter_to_maxima(gradient, positions, output, window, stride)
    return output


def avg_pool_gradient(
    gradient: Values,
    shape: tuple[int, ...],
    window: int,
    stride: int,
) -> Values:
    """The gradient of images of this shape, from that of their averages."""
    output = np.empty(shape, gradient.dtype)
    _spread_evenly(gradient, output, window, stride)
    return output


@_compiled
def look_up(bits: Any, table: Any, output: Any) -> None:
    """Write table[bits] to `output`. bits: (n,) uint16. output: (n,) of the table's type."""
    for k in range(bits.size):
        output[k] = table[bits[k]]


def drop(values: Values, rate: float, seed: tuple[int, int]) -> Values:
    """Set each of (n,) values to 0 with probability `rate` (to within 2**-32), and divide the others by 1 - rate.

    The same seed, two integers of 32 bits, drops the same positions: those whose hash is small (lowbias32, Chris
    Wellons 2018).
    """
    output = np.empty_like(values)
    threshold = min(round(rate * 2**32), 2**32 - 1)
    scale = np.float32(1 / (1 - threshold / 2**32))
    seeds = (np.uint32(seed[0]), np.uint32(seed[1]))
    _drop(values, output, seeds, np.uint32(threshold), scale)
    return output


@intrinsic
def _to_float32(_: Any, value: Any) -> Any:
    """The float32 of a value in either form."""

    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        if value != types.uint16:
            return arguments[0]
        word = ir.IntType(32)
        wide = builder.zext(arguments[0], word)
        bits = builder.shl(wide, word(16))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(value), emit


@intrinsic
def _from_float32(_: Any, like: Any, __: Any) -> Any:
    """A float32 in the form of the first argument, rounded to nearest."""

    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        number = arguments[1]
        if like != types.uint16:
            return number
        word = ir.IntType(32)
        bits = builder.bitcast(number, word)
        is_odd = builder.and_(builder.lshr(bits, word(16)), word(1))
        # NaN stays NaN: its lower half is 0, as it comes from bf16 or from an operation of the processor
        rounding = builder.add(is_odd, word(0x7FFF))
        rounded = builder.add(bits, rounding)
        return builder.trunc(builder.lshr(rounded, word(16)), ir.IntType(16))

    return like(like, types.float32), emit


@_compiled
def _drop(
    values: Any,
    output: Any,
    seed: Any,
    threshold: Any,
    scale: Any,
) -> None:
    word = np.uint32
    for k in range(values.size):
        hashed = word(word(k) ^ seed[0])
        hashed = word((hashed ^ (hashed >> word(16))) * word(0x7FEB352D)) ^ seed[1]
        hashed = word((hashed ^ (hashed >> word(15))) * word(0x846CA68B))
        hashed ^= hashed >> word(16)
        kept = _to_float32(values[k]) * scale if hashed >= threshold else np.float32(0)
        output[k] = _from_float32(output[k], kept)


@cache
def _max_pool(window: int, stride: int, signed: str) -> Callable[..., None]:
    """Compiled for one window, whose values then stay in registers.

    Floats are compared as integers: negative ones have all bits but the sign inverted, and a shift makes NaNs of either
    sign the greatest.
    """
    integer = np.dtype(signed).type
    sign_bit = integer(np.iinfo(signed).bits - 1)
    other_bits = integer(np.iinfo(signed).max)
    nan_shift = integer({"int16": 0x7F, "int32": 0x7FFFFF}[signed])
    smallest = integer(-other_bits - 1)

    @_compiled
    def pool(images: Any, pooled: Any, positions: Any) -> None:
        n, height, width, channels = pooled.shape
        for image in range(n):
            for row in range(height):
                for column in range(width):
                    for channel in range(channels):
                        maximum = smallest
                        position = integer(0)
                        for down in range(window):
                            for right in range(window):
                                bits = images[image, row * stride + down, column * stride + right, channel]
                                ordered = bits ^ ((bits >> sign_bit) & other_bits)
                                rank = integer(integer(ordered) - nan_shift)
                                is_larger = rank > maximum
                                position = integer(down * window + right) if is_larger else position
                                maximum = rank if is_larger else maximum
                        ordered = integer(maximum + nan_shift)
                        pooled[image, row, column, channel] = ordered ^ ((ordered >> sign_bit) & other_bits)
                        positions[image, row, column, channel] = position

    return pool


@cache
def _gather_from_windows(window: int, stride: int) -> Callable[..., None]:
    """Compiled for one window. Each value sums over the windows that contain it, which are few: a window is at most two
    strides wide."""
    overlap = -(-window // stride)

    @_compiled
    def gather(gradient: Any, positions: Any, output: Any) -> None:
        n, pooled_height, pooled_width, channels = gradient.shape
        height, width = output.shape[1:3]
        for image in range(n):
            for row in range(height):
                for column in range(width):
                    target = output[image, row, column]
                    for channel in range(channels):
                        total = np.float32(0)
                        for a in range(overlap):
                            above = row // stride - a
                            down = row % stride + a * stride
                            is_row = (above >= 0) & (above < pooled_height) & (down < window)
                            i = above if is_row else 0
                            for b in range(overlap):
                                left = column // stride - b
                                right = column % stride + b * stride
                                is_window = is_row & (left >= 0) & (left < pooled_width) & (right < window)
                                j = left if is_window else 0
                                position = np.uint8(down * window + right) if is_window else np.uint8(255)
                                value = _to_float32(gradient[image, i, j, channel])
                                is_maximum = positions[image, i, j, channel] == position
                                total += value if is_maximum else np.float32(0)
                        target[channel] = _from_float32(target[channel], total)

    return gather


@_compiled
def _scatter_to_maxima(
    gradient: Any,
    positions: Any,
    output: Any,
    window: int,
    stride: int,
) -> None:
    n, pooled_height, pooled_width, channels = gradient.shape
    height, width = output.shape[1:3]
    size = height * width * channels
    sums = np.empty(size, np.float32)
    offsets = np.empty(window**2, np.int64)
    for position in range(window**2):
        offsets[position] = (position // window * width + position % window) * channels
    for image in range(n):
        sums[:] = np.float32(0)
        for row in range(pooled_height):
            for column in range(pooled_width):
                start = (row * width + column) * stride * channels
                values = gradient[image, row, column]
                maxima = positions[image, row, column]
                for channel in range(channels):
                    sums[start + channel + offsets[maxima[channel]]] += _to_float32(values[channel])
        target = output[image].reshape(size)
        for k in range(size):
            target[k] = _from_float32(target[k], sums[k])


@_compiled
def _spread_evenly(
    gradient: Any,
    output: Any,
    window: int,
    stride: int,
) -> None:
    n, pooled_height, pooled_width, channels = gradient.shape
    height, width = output.shape[1:3]
    size = pooled_width * channels
    share = np.float32(1 / window**2)
    # a row's columns are grouped by their remainder modulo the stride: then neighbouring windows add to neighbouring
    # values
    longest = max((width - 1) // stride, pooled_width - 1 + (window - 1) // stride) + 1
    sums = np.empty((stride, longest * channels), np.float32)
    row_sums = np.empty(size, np.float32)
    for image in range(n):
        for row in range(height):
            row_sums[:] = np.float32(0)
            first = max(0, (row - window + stride) // stride)
            last = min(pooled_height - 1, row // stride)
            for above in range(first, last + 1):
                values = gradient[image, above].reshape(size)
                for k in range(size):
                    row_sums[k] += share * _to_float32(values[k])
            sums[:] = np.float32(0)
            for right in range(window):
                start = right // stride * channels
                group = sums[right % stride, start : start + size]
                for k in range(size):
                    group[k] += row_sums[k]
            for column in range(width):
                start = column // stride * channels
                group = sums[column % stride, start : start + channels]
                target = output[image, row, column]
                for channel in range(channels):
                    target[channel] = _from_float32(target[channel], group[channel])
