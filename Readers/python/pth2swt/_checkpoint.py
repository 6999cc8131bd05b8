"""Reading checkpoints."""

from __future__ import annotations

import ctypes
import os
from _thread import allocate_lock
from collections.abc import Mapping

from . import _values
from ._library import Message, PthError, Tensor, encoded, library

# What only some programs need is imported where it is used; `typing`, by type checkers alone: importing it
# takes longer than opening a file.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from typing import Any, Iterator

    _Base = Mapping[str, Any]
else:
    _Base = Mapping

_open_file = open
# Below this, threads cost more than they save.
_PARALLEL_BYTES = 32 << 20


class Checkpoint(_Base):
    """An open checkpoint: a mapping of tensor names, in file order, to values that are read when requested.
    Of tensors with equal names (of the keys "a.b", and "a" with "b" inside) it has the first.

    Any number of threads may read. `close()`, or leaving `with`, frees the file; a call afterwards is a
    `ValueError`. Arrays that were read stay valid.
    """

    def __init__(self, path: str | bytes | os.PathLike[Any]) -> None:
        self._handle: Any = None
        self._closing: Any = None  # closed while others were reading: the last of them frees it
        self._lock = allocate_lock()
        self._users = 0
        self._path = encoded(path)
        self._map: mmap.mmap | None = None
        message = Message()
        handle = library.p2s_pth_open(self._path, *message.arguments)
        if not handle:
            raise message.error()
        self._handle = handle
        self._names: dict[str, int] | None = None

    @property
    def _index(self) -> dict[str, int]:
        """The first tensor of each name, in file order; made when it is first needed."""
        names = self._names
        if names is None:
            names = {}
            tensor = Tensor()
            with self._using() as handle:
                for number in range(library.p2s_pth_count(handle)):
                    library.p2s_pth_info(handle, number, ctypes.byref(tensor))
                    name = ctypes.string_at(tensor.name, tensor.name_length).decode("utf-8", "surrogatepass")
                    names.setdefault(name, number)
            self._names = names
        return names

    def _facts(self, name: str) -> tuple[int, tuple[int, ...], str, int]:
        """Index, shape, type and size in bytes of a tensor."""
        number = self._index[name]
        tensor = Tensor()
        with self._using() as handle:
            library.p2s_pth_info(handle, number, ctypes.byref(tensor))
            shape = tuple(tensor.dims[: tensor.rank]) if tensor.rank else ()
            return number, shape, tensor.dtype.decode(), tensor.nbytes

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of the dimensions, outermost first."""
        return self._facts(name)[1]

    def dtype_name(self, name: str) -> str:
        """PyTorch's name of the type: "float32", "bfloat16", ..."""
        return self._facts(name)[2]

    def nbytes(self, name: str) -> int:
        """Size of the values in bytes."""
        return self._facts(name)[3]

    def bytes(self, name: str) -> bytes:
        """The values: contiguous, row-major, little-endian; quantized tensors as their integers."""
        number, _, _, size = self._facts(name)
        return bytes(self._read(number, size))

    def view(self, name: str) -> Any:
        """The values in the mapped file itself, read-only, without a copy and without comparing the file's
        checksum; None if the file does not have them in that form.

        Do not truncate the file while a view is in use: the system ends processes that read missing pages
        (SIGBUS). Replacing the file by a new one (rename) is harmless.
        """
        number, shape, dtype_name, size = self._facts(name)
        with self._using() as handle:
            offset = library.p2s_pth_offset(handle, number)
            if offset < 0:
                return None
            with self._lock:
                if self._map is None:
                    import mmap

                    with _open_file(self._path, "rb") as file:
                        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        memory = memoryview(self._map)
        if offset + size > len(memory):
            return None
        memory = memory[offset : offset + size]
        if _values.numpy_or_none() is None:
            return memory
        return _values.array(memory, shape, dtype_name)

    def __getitem__(self, name: str) -> Any:
        number, shape, dtype_name, size = self._facts(name)
        data = self._read(number, size)
        if _values.numpy_or_none() is None:
            return _values.Values(shape, dtype_name, data)
        return _values.array(data, shape, dtype_name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        state = f"{len(self)} tensors" if self._handle else "closed"
        return f"<pth2swt.Checkpoint {os.fsdecode(self._path)!r}, {state}>"

    def close(self) -> None:
        """Closes the file; may be called again. Reads in other threads finish first."""
        with self._lock:
            handle, self._handle, self._map = self._handle, None, None
            if handle and self._users:
                handle, self._closing = None, handle
        if handle:
            library.p2s_pth_close(handle)

    def _using(self) -> _Use:
        return _Use(self)

    def _read(self, number: int, size: int) -> Any:
        memory: Any = _uninitialized(size)
        message = Message()
        pointer = ctypes.addressof(ctypes.c_char.from_buffer(memory)) if size else None
        with self._using() as handle:
            if library.p2s_pth_read(handle, number, pointer, size, *message.arguments) != 0:
                raise message.error()
        return memory


class _Use:
    """Keeps the file open during a call."""

    def __init__(self, file: Checkpoint) -> None:
        self._file = file

    def __enter__(self) -> Any:
        with self._file._lock:
            if self._file._handle is None:
                raise ValueError("the checkpoint is closed")
            self._file._users += 1
            return self._file._handle

    def __exit__(self, *_: object) -> None:
        with self._file._lock:
            self._file._users -= 1
            last = self._file._users == 0 and self._file._handle is None
        if last and self._file._closing:
            library.p2s_pth_close(self._file._closing)
            self._file._closing = None


def _uninitialized(size: int) -> bytearray | memoryview:
    """Writable memory; NumPy's is not filled with zeros first."""
    numpy = _values.numpy_or_none()
    if numpy is None or size == 0:
        try:
            return bytearray(size)
        except (MemoryError, OverflowError):
            raise PthError(f"no memory for {size} bytes") from None
    try:
        return memoryview(numpy.empty(size, "u1"))
    except (MemoryError, ValueError):
        raise PthError(f"no memory for {size} bytes") from None


def open(path: str | bytes | os.PathLike[Any]) -> Checkpoint:
    """Opens a checkpoint, recognized by its content; of shards, their index; of a distributed one,
    the folder.

    Raises `PthError` if it cannot be read, is damaged, or names functions that would run code in PyTorch.
    """
    return Checkpoint(path)


def load(path: str | bytes | os.PathLike[Any]) -> dict[str, Any]:
    """All tensors of a checkpoint, by name, in file order.

    Raises `PthError` as `open` does; also if values are missing or damaged.
    """
    with Checkpoint(path) as file:
        names = list(file)
        if sum(file.nbytes(name) for name in names) < _PARALLEL_BYTES:
            return {name: file[name] for name in names}
        import concurrent.futures

        with concurrent.futures.ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
            return dict(zip(names, pool.map(file.__getitem__, names)))
