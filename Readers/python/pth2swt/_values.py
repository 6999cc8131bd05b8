"""How tensors become Python's values: arrays of NumPy if it is installed, else `Values`."""

from __future__ import annotations

import math

TYPE_CHECKING = False  # of type checkers; `typing` is slow to import
if TYPE_CHECKING:
    from typing import Any

    import numpy

# PyTorch's types that NumPy has.
NUMPY = {
    "float64": "<f8", "float32": "<f4", "float16": "<f2",
    "int64": "<i8", "int32": "<i4", "int16": "<i2", "int8": "|i1",
    "uint64": "<u8", "uint32": "<u4", "uint16": "<u2", "uint8": "|u1",
    "bool": "|b1", "complex64": "<c8", "complex128": "<c16",
    # Quantized tensors are their integers.
    "qint8": "|i1", "quint8": "|u1", "qint32": "<i4",
}  # fmt: skip
# Types that ml_dtypes has under the same name, and those that nothing has: the unsigned integer of their bits.
ML_DTYPES = {
    "bfloat16": "<u2", "float8_e4m3fn": "|u1", "float8_e5m2": "|u1", "float8_e4m3fnuz": "|u1",
    "float8_e5m2fnuz": "|u1", "float8_e8m0fnu": "|u1",
}  # fmt: skip
RAW = {"complex32": "<u4", "bcomplex32": "<u4", "bits16": "<u2"}


class Values:
    """The values of a tensor, without NumPy."""

    def __init__(self, shape: tuple[int, ...], dtype_name: str, data: bytes | bytearray | memoryview) -> None:
        self.shape = shape
        self.dtype_name = dtype_name
        self._data = data

    def bytes(self) -> bytes:
        """The values: contiguous, row-major, little-endian."""
        return bytes(self._data)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a tensor without dimensions has no length")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"Values(shape={self.shape}, dtype_name={self.dtype_name!r})"


def numpy_or_none() -> Any:
    """NumPy, if it is installed."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


_bits: Any = None


def bits_class() -> Any:
    """`pth2swt.Bits`, which needs NumPy."""
    global _bits
    if _bits is not None:
        return _bits
    import numpy

    class Bits(numpy.ndarray):
        """Raw bits of a type that NumPy lacks; `dtype_name` is PyTorch's name of the type.

        Types with several values in a byte have one dimension, of bytes.
        """

        dtype_name: str | None = None

        def __array_finalize__(self, source: Any) -> None:
            self.dtype_name = getattr(source, "dtype_name", None)

    Bits.__module__ = "pth2swt"
    Bits.__qualname__ = "Bits"
    _bits = Bits
    return Bits


def ml_dtype(name: str) -> Any:
    """The type of ml_dtypes; None if it is not installed or does not have it."""
    try:
        import ml_dtypes
    except ImportError:
        return None
    return getattr(ml_dtypes, name, None)


def array(
    buffer: bytearray | memoryview, shape: tuple[int, ...], dtype_name: str
) -> numpy.ndarray[Any, Any]:
    """An array of the memory itself."""
    import numpy

    if dtype_name in NUMPY:
        return numpy.frombuffer(buffer, NUMPY[dtype_name]).reshape(shape)
    special = ml_dtype(dtype_name) if dtype_name in ML_DTYPES else None
    if special is not None:
        return numpy.frombuffer(buffer, special).reshape(shape)
    plain = numpy.frombuffer(buffer, ML_DTYPES.get(dtype_name) or RAW.get(dtype_name, "|u1"))
    if plain.size == math.prod(shape):
        plain = plain.reshape(shape)
    bits: Any = plain.view(bits_class())
    bits.dtype_name = dtype_name
    result: numpy.ndarray[Any, Any] = bits
    return result
