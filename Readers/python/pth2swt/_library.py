"""The functions of pth.h, called through ctypes."""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False  # of type checkers; `typing` is slow to import
if TYPE_CHECKING:
    from typing import Any

NAME = "libpth2swt_pth"
MESSAGE_SIZE = 8192


class PthError(Exception):
    """A checkpoint that cannot be read or written; the text says which file, where, and what to do."""


class Tensor(ctypes.Structure):
    """p2s_pth_tensor"""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_size_t),
        ("dtype", ctypes.c_char_p),
        ("rank", ctypes.c_size_t),
        ("dims", ctypes.POINTER(ctypes.c_int64)),
        ("nbytes", ctypes.c_uint64),
    ]


def _load() -> ctypes.CDLL:
    here = os.path.dirname(os.path.abspath(__file__))
    for name in (NAME + ".so", NAME + ".dylib"):
        path = os.path.join(here, name)
        if os.path.exists(path):
            return ctypes.CDLL(path)
    from ctypes import util

    found = util.find_library("pth2swt_pth")
    if found is None:
        raise ImportError(f"{NAME} is neither in {here} nor among the system's libraries")
    return ctypes.CDLL(found)


library: Any = _load()
_message = [ctypes.c_char_p, ctypes.c_size_t]
_tensors = ctypes.POINTER(Tensor)
_signatures: dict[str, tuple[Any, list[Any]]] = {
    "open": (ctypes.c_void_p, [ctypes.c_char_p, *_message]),
    "count": (ctypes.c_size_t, [ctypes.c_void_p]),
    "info": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_size_t, _tensors]),
    "read": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, *_message],
    ),
    "offset": (ctypes.c_int64, [ctypes.c_void_p, ctypes.c_size_t]),
    "write": (
        ctypes.c_int,
        [ctypes.c_char_p, _tensors, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t, *_message],
    ),
    "close": (None, [ctypes.c_void_p]),
}
for _name, (_result, _arguments) in _signatures.items():
    _function = getattr(library, "p2s_pth_" + _name)
    _function.restype, _function.argtypes = _result, _arguments


class Message:
    """Memory for the message of a function that may fail."""

    def __init__(self) -> None:
        self._memory = ctypes.create_string_buffer(MESSAGE_SIZE)

    @property
    def arguments(self) -> tuple[Any, int]:
        return self._memory, MESSAGE_SIZE

    def error(self) -> PthError:
        return PthError(self._memory.value.decode("utf-8", "replace"))


def encoded(path: str | bytes | os.PathLike[Any]) -> bytes:
    """A path as the system's bytes."""
    result = os.fsencode(path)
    if b"\0" in result:
        raise ValueError("a path with a null byte")
    return result
