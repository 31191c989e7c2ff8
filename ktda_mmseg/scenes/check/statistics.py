"""Mean, deviation and percentiles of bands, gathered tile by tile in bounded memory."""

from dataclasses import dataclass

import numpy as np

SIGN = 1 << 31
OFFSETS = {'uint8': 0, 'int8': 128, 'uint16': 0, 'int16': 1 << 15}


def to_bins(values: np.ndarray) -> np.ndarray:
    """Number finite values (N,) from 0 to 65535, so that larger ones get larger numbers.

    Integers of up to 16 bits get one bin a value. Of all others the upper half of the 32-bit float
    counts, in which neighbouring bins differ by less than 1 %.
    """
    if values.dtype.name in OFFSETS:
        return values if values.dtype.kind == 'u' else values + np.int32(OFFSETS[values.dtype.name])
    # adding 0 makes one of both zeros
    bits = (values.astype(np.float32) + np.float32(0)).view(np.uint32)
    # negative floats grow with the value of their bits
    return np.where(bits & SIGN, ~bits, bits | SIGN) >> 16


def from_bins(bins: np.ndarray, dtype: str) -> np.ndarray:
    """Return the value in the middle of bins; the inverse of :func:`to_bins`."""
    if dtype in OFFSETS:
        return bins.astype(np.float64) - OFFSETS[dtype]
    bits = (bins.astype(np.uint32) << 16) | (1 << 15)
    return np.where(bits & SIGN, bits ^ SIGN, ~bits).astype(np.uint32).view(np.float32)


@dataclass(frozen=True)
class Band:
    """Distribution of one band."""

    dtype: str
    count: int
    mean: float
    squares: float  # sum of squared differences from the mean
    low: float
    high: float
    histogram: np.ndarray  # values a bin, see to_bins

    @classmethod
    def of(cls, values: np.ndarray) -> 'Band':
        """Measure finite values, (N,) with at least one."""
        dtype = values.dtype.name
        size = 256 if dtype in ('uint8', 'int8') else 1 << 16
        histogram = np.bincount(to_bins(values), minlength=size)
        if dtype in OFFSETS:  # all is in the histogram
            bins = np.flatnonzero(histogram)
            exact, weights = from_bins(bins, dtype), histogram[bins].astype(np.float64)
        else:
            exact, weights = values.astype(np.float64), np.ones(1)
        count = len(values)
        mean = float((exact * weights).sum() / count)
        squares = float(((exact - mean) ** 2 * weights).sum())
        return cls(dtype, count, mean, squares, float(exact.min()), float(exact.max()), histogram)

    def merge(self, other: 'Band') -> 'Band':
        """Join with another part of the band (Chan, Golub and LeVeque, 1979)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        return Band(
            self.dtype,
            count,
            self.mean + apart * other.count / count,
            self.squares + other.squares + apart**2 * self.count * other.count / count,
            min(self.low, other.low),
            max(self.high, other.high),
            self.histogram + other.histogram,
        )

    @property
    def std(self) -> float:
        """Standard deviation over all values."""
        return float(np.sqrt(self.squares / self.count))

    def percentile(self, percent: float) -> float:
        """Return a percentile, 0 to 100: exact for up to 16 bits, else within 0.5 %."""
        rank = max(int(np.ceil(percent / 100 * self.count)), 1)
        found = np.searchsorted(self.histogram.cumsum(), rank)
        value = from_bins(np.array([found]), self.dtype)[0]
        return float(np.clip(value, self.low, self.high))
