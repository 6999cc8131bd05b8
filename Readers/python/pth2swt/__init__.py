"""Reads PyTorch checkpoints without PyTorch and without executing anything in them, and writes them.

    import pth2swt

    weights = pth2swt.load("model.pth")             # {"conv1.weight": array, ...}
    with pth2swt.open("model.pth") as file:         # lazily
        file["fc.weight"], file.shape("fc.weight"), file.dtype_name("fc.weight")
    pth2swt.save(weights, "again.pth")              # torch.load(..., weights_only=True) reads it

Arrays are NumPy's; without NumPy they are `Values`, which have `shape`, `dtype_name` and `bytes()`. bfloat16,
float8 and the like have the types of ml_dtypes if it is installed; otherwise they are `Bits`, an array of raw
bits that knows its `dtype_name`. Weight files (.swt) are read by `pth2swt.swt`.
"""

from __future__ import annotations

from ._checkpoint import Checkpoint, load, open
from ._library import PthError
from ._values import Values, bits_class
from ._version import __version__
from ._writer import save

TYPE_CHECKING = False  # of type checkers; `typing` is slow to import
if TYPE_CHECKING:
    from typing import Any

    from . import swt

__all__ = ["Bits", "Checkpoint", "PthError", "Values", "__version__", "load", "open", "save", "swt"]


def __getattr__(name: str) -> Any:
    if name == "swt":
        import importlib

        return importlib.import_module(__name__ + ".swt")
    # The only class that needs NumPy.
    if name == "Bits":
        return bits_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
