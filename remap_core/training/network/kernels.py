"""Loops that PyTorch has none as fast for on a CPU, compiled when they are first used; each runs on one core.

Images are (n, height, width, channels) in C's order: float32, or bf16 as uint16, its bits. The windows of a pool are
`window` x `window`, `stride` apart, and have no margin. Sums are of float32; bf16 is rounded to the nearest, ties to
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


def max_pooled(images: Values, window: int, stride: int) -> tuple[Values, NDArray[np.uint8]]:
    """The largest value of each window, and which of its values that is, the first of equal ones.

    A NaN is larger than any number, and 0 than -0. A window has at most 255 values.
    """
    n, height, width, channels = images.shape
    shape = (n, (height - window) // stride + 1, (width - window) // stride + 1, channels)
    pooled, where = np.empty(shape, images.dtype), np.empty(shape, np.uint8)
    signed = f"int{8 * images.itemsize}"
    _max_pool(window, stride, signed)(images.view(signed), pooled.view(signed), where)
    return pooled, where


def max_pool_gradient(
    gradient: Values, where: NDArray[np.uint8], shape: tuple[int, ...], window: int, stride: int
) -> Values:
    """From the gradient of what was pooled to that of the images, whose shape this is."""
    put_out = np.empty(shape, gradient.dtype)
    if window <= 2 * stride:
        _gather_from_windows(window, stride)(gradient, where, put_out)
    else:
        _scatter_to_maxima(gradient, where, put_out, window, stride)
    return put_out


def mean_pool_gradient(gradient: Values, shape: tuple[int, ...], window: int, stride: int) -> Values:
    """From the gradient of what was pooled to that of the images, whose shape this is."""
    put_out = np.empty(shape, gradient.dtype)
    _spread_evenly(gradient, put_out, window, stride)
    return put_out


@_compiled
def look_up(bits: Any, table: Any, put_out: Any) -> None:
    """table[bits] of (n,) uint16, into (n,) of the table's type."""
    for k in range(bits.size):
        put_out[k] = table[bits[k]]


def drop(values: Values, rate: float, seed: tuple[int, int]) -> Values:
    """Of (n,) values, each dropped with this probability (met to 2**-32), else divided by the rest of it; the same seed
    drops the same ones.

    seed: two whole numbers of 32 bits. A value is dropped by a hash of its place (lowbias32, Chris Wellons 2018).
    """
    put_out = np.empty_like(values)
    dropped = min(round(rate * 2**32), 2**32 - 1)
    scale = np.float32(1 / (1 - dropped / 2**32))
    _drop(values, put_out, (np.uint32(seed[0]), np.uint32(seed[1])), np.uint32(dropped), scale)
    return put_out


@intrinsic
def _float(_: Any, value: Any) -> Any:
    """The float32 of a value in either form."""

    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        if value != types.uint16:
            return arguments[0]
        bits = builder.shl(builder.zext(arguments[0], ir.IntType(32)), ir.IntType(32)(16))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(value), emit


@intrinsic
def _like(_: Any, like: Any, __: Any) -> Any:
    """A float32 in the form of another value, rounded to the nearest."""

    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        number = arguments[1]
        if like != types.uint16:
            return number
        word = ir.IntType(32)
        bits = builder.bitcast(number, word)
        odd = builder.and_(builder.lshr(bits, word(16)), word(1))
        # a NaN stays one: its lower half is 0, as it came from bf16 or from an operation of the processor's
        rounded = builder.add(bits, builder.add(odd, word(0x7FFF)))
        return builder.trunc(builder.lshr(rounded, word(16)), ir.IntType(16))

    return like(like, types.float32), emit


@_compiled
def _drop(values: Any, put_out: Any, seed: Any, dropped: Any, scale: Any) -> None:
    word = np.uint32
    for k in range(values.size):
        mixed = word(word(k) ^ seed[0])
        mixed = word((mixed ^ (mixed >> word(16))) * word(0x7FEB352D)) ^ seed[1]
        mixed = word((mixed ^ (mixed >> word(15))) * word(0x846CA68B))
        mixed ^= mixed >> word(16)
        kept = _float(values[k]) * scale if mixed >= dropped else np.float32(0)
        put_out[k] = _like(put_out[k], kept)


@cache
def _max_pool(window: int, stride: int, signed: str) -> Callable[..., None]:
    """Compiled for one window, whose values then stay in registers.

    Floating-point numbers are compared as whole ones: those below 0 have their other bits turned round, and all are
    moved so that NaNs of either sign come last.
    """
    whole = np.dtype(signed).type
    sign, others = whole(np.iinfo(signed).bits - 1), whole(np.iinfo(signed).max)
    nans = whole({"int16": 0x7F, "int32": 0x7FFFFF}[signed])

    @_compiled
    def pool(images: Any, pooled: Any, where: Any) -> None:
        n, height, width, channels = pooled.shape
        for image in range(n):
            for row in range(height):
                for column in range(width):
                    for channel in range(channels):
                        largest, place = whole(-others - 1), whole(0)
                        for down in range(window):
                            for right in range(window):
                                bits = images[image, row * stride + down, column * stride + right, channel]
                                rank = whole(whole(bits ^ ((bits >> sign) & others)) - nans)
                                larger = rank > largest
                                place = whole(down * window + right) if larger else place
                                largest = rank if larger else largest
                        bits = whole(largest + nans)
                        pooled[image, row, column, channel] = bits ^ ((bits >> sign) & others)
                        where[image, row, column, channel] = place

    return pool


@cache
def _gather_from_windows(window: int, stride: int) -> Callable[..., None]:
    """Compiled for one window. For each value of an image the windows that hold it are asked: few, where a window is no
    wider than two strides."""
    most = -(-window // stride)

    @_compiled
    def gather(gradient: Any, where: Any, put_out: Any) -> None:
        n, pooled_height, pooled_width, channels = gradient.shape
        height, width = put_out.shape[1:3]
        for image in range(n):
            for row in range(height):
                for column in range(width):
                    to = put_out[image, row, column]
                    for channel in range(channels):
                        total = np.float32(0)
                        for a in range(most):
                            above, down = row // stride - a, row % stride + a * stride
                            is_row = (above >= 0) & (above < pooled_height) & (down < window)
                            i = above if is_row else 0
                            for b in range(most):
                                left, right = column // stride - b, column % stride + b * stride
                                is_window = is_row & (left >= 0) & (left < pooled_width) & (right < window)
                                j = left if is_window else 0
                                place = np.uint8(down * window + right) if is_window else np.uint8(255)
                                value = _float(gradient[image, i, j, channel])
                                total += value if where[image, i, j, channel] == place else np.float32(0)
                        to[channel] = _like(to[channel], total)

    return gather


@_compiled
def _scatter_to_maxima(gradient: Any, where: Any, put_out: Any, window: int, stride: int) -> None:
    n, pooled_height, pooled_width, channels = gradient.shape
    height, width = put_out.shape[1:3]
    size = height * width * channels
    sums, steps = np.empty(size, np.float32), np.empty(window**2, np.int64)
    for place in range(window**2):
        steps[place] = (place // window * width + place % window) * channels
    for image in range(n):
        sums[:] = np.float32(0)
        for row in range(pooled_height):
            for column in range(pooled_width):
                start = (row * width + column) * stride * channels
                values, places = gradient[image, row, column], where[image, row, column]
                for channel in range(channels):
                    sums[start + channel + steps[places[channel]]] += _float(values[channel])
        to = put_out[image].reshape(size)
        for k in range(size):
            to[k] = _like(to[k], sums[k])


@_compiled
def _spread_evenly(gradient: Any, put_out: Any, window: int, stride: int) -> None:
    n, pooled_height, pooled_width, channels = gradient.shape
    height, width = put_out.shape[1:3]
    size = pooled_width * channels
    share = np.float32(1 / window**2)
    # a row's columns in the order of their remainder by the stride: what goes to windows beside each other is one piece
    longest = max((width - 1) // stride, pooled_width - 1 + (window - 1) // stride) + 1
    sums, sum_ = np.empty((stride, longest * channels), np.float32), np.empty(size, np.float32)
    for image in range(n):
        for row in range(height):
            sum_[:] = np.float32(0)
            for above in range(max(0, (row - window + stride) // stride), min(pooled_height - 1, row // stride) + 1):
                values = gradient[image, above].reshape(size)
                for k in range(size):
                    sum_[k] += share * _float(values[k])
            sums[:] = np.float32(0)
            for right in range(window):
                start = right // stride * channels
                piece = sums[right % stride, start : start + size]
                for k in range(size):
                    piece[k] += sum_[k]
            for column in range(width):
                start = column // stride * channels
                piece, to = sums[column % stride, start : start + channels], put_out[image, row, column]
                for channel in range(channels):
                    to[channel] = _like(to[channel], piece[channel])
