"""Writing checkpoints."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

TYPE_CHECKING = False  # of type checkers; `typing` is slow to import
if TYPE_CHECKING:
    from typing import Any

from . import _values
from ._library import Message, Tensor, encoded, library

# NumPy's kind and size of a type, to PyTorch's name.
_NAMES = {
    "f8": "float64", "f4": "float32", "f2": "float16",
    "i8": "int64", "i4": "int32", "i2": "int16", "i1": "int8",
    "u8": "uint64", "u4": "uint32", "u2": "uint16", "u1": "uint8",
    "b1": "bool", "c8": "complex64", "c16": "complex128",
}  # fmt: skip


def save(tensors: Mapping[str, Any], path: str | bytes | os.PathLike[Any]) -> None:
    """Writes a checkpoint that `torch.load(path, weights_only=True)` reads: a dict of contiguous tensors.

    Values are arrays of NumPy (or what `numpy.asarray` takes), with the types of ml_dtypes too, or objects of
    this package. Values in the same memory share it in PyTorch too. The same values give the same bytes; an
    existing file is replaced when the new one is complete.

    Raises `PthError` if the file cannot be written, `TypeError` for a name or a type that PyTorch lacks.
    """
    count = len(tensors)
    records, pointers = (Tensor * count)(), (ctypes.c_void_p * count)()
    kept: list[Any] = []
    for number, (name, value) in enumerate(tensors.items()):
        if not isinstance(name, str):
            raise TypeError(f"the name of a tensor is a str, not {type(name).__name__}")
        shape, dtype_name, memory, address, size = _described(name, value)
        text = ctypes.create_string_buffer(name.encode("utf-8"))
        dims = (ctypes.c_int64 * len(shape))(*shape)
        kept += [memory, text, dims]
        records[number] = Tensor(
            ctypes.addressof(text), len(text) - 1, dtype_name.encode(), len(shape), dims, size)
        pointers[number] = address
    message = Message()
    if library.p2s_pth_write(encoded(path), records, pointers, count, *message.arguments) != 0:
        raise message.error()


def _described(name: str, value: Any) -> tuple[tuple[int, ...], str, Any, int | None, int]:
    """Shape, type, memory to keep, address and size of a value."""
    if isinstance(value, _values.Values):
        memory = (ctypes.c_char * len(value.bytes())).from_buffer_copy(value.bytes())
        address = ctypes.addressof(memory) if len(memory) else None
        return value.shape, value.dtype_name, memory, address, len(memory)
    numpy = _values.numpy_or_none()
    if numpy is None:
        raise TypeError(f"{name}: {type(value).__name__} needs NumPy, which is not installed")
    array = numpy.asanyarray(value)
    stated = getattr(array, "dtype_name", None)
    dtype_name = stated or array.dtype.name
    if stated is None and dtype_name not in _values.ML_DTYPES:
        dtype_name = _NAMES.get(f"{array.dtype.kind}{array.dtype.itemsize}", "")
        if not dtype_name:
            raise TypeError(f"{name}: PyTorch has no type for {array.dtype}")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    shape = array.shape
    # Not ascontiguousarray, which adds a dimension to arrays without one.
    array = numpy.asarray(array, order="C")
    return shape, dtype_name, array, array.ctypes.data if array.nbytes else None, array.nbytes
