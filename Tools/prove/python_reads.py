#!/usr/bin/env python3
"""Compares what the Python package reads with what PyTorch loads, and what PyTorch loads of what it saves.

    pip install torch==2.13.0 numpy ml_dtypes pth2swt-*.whl
    python3 Tools/prove/python_reads.py [CHECKPOINT ...]

Without checkpoints, those of Fixtures/checkpoints and Fixtures/forms. Every tensor that PyTorch loads must be here
with the same name, type, shape and bytes; a file that pth2swt refuses is listed with its reason, to be judged by
eye.
Prints a line per file, and `N passed, N failed`.
"""
import pathlib
import sys
import tempfile
import warnings

import pth2swt
import torch

from torch_reads import ROOT, raw, tensors

warnings.simplefilter("ignore")


def loaded(path):
    """Named tensors by PyTorch, or its refusal. Whole modules run code, which only our own files may."""
    try:
        return list(tensors(torch.load(path, weights_only=ROOT not in path.resolve().parents)))
    except Exception as refusal:
        return f"{type(refusal).__name__}: {refusal}".splitlines()[0][:100]


def differences(path, expected):
    with pth2swt.open(path) as file:
        # Sparse and nested tensors are listed as the dense tensors that they consist of.
        composed = tuple(name for name, x in expected if x.layout != torch.strided or x.is_nested)
        expected = [(name, x) for name, x in expected if name not in composed]
        # What else is in the file (NumPy's arrays, constants of TorchScript) is read too; names may be doubled.
        expected = [("" if name == "tensor" and "" in file else name, x) for name, x in expected]
        expected = list(dict(reversed(expected)).items())
        if missing := {name for name, _ in expected} - set(file):
            yield f"missing: {sorted(missing)[:4]}"
        for name, tensor in expected:
            if name not in file or tensor.is_meta:
                continue
            if file.dtype_name(name) != str(tensor.dtype)[6:] or file.shape(name) != tuple(tensor.shape):
                yield f"{name}: {file.dtype_name(name)} {file.shape(name)}"
            elif tensor.is_quantized:
                continue
            elif file.bytes(name) != raw(tensor):
                yield f"{name}: its bytes differ"
            elif file[name].tobytes() != raw(tensor):
                yield f"{name}: the bytes of its array differ"


def saved(path, folder):
    """What PyTorch loads of a file that the package wrote."""
    values = pth2swt.load(path)
    copy = pathlib.Path(folder) / "copy.pth"
    pth2swt.save(values, copy)
    found = torch.load(copy, weights_only=True)
    for name, value in values.items():
        if tuple(found[name].shape) != value.shape or raw(found[name]) != value.tobytes():
            yield f"{name} is saved differently"


def main():
    paths = [pathlib.Path(x) for x in sys.argv[1:]]
    paths = paths or sorted((ROOT / "Fixtures/checkpoints").glob("*.pth")) + sorted(
        x for x in (ROOT / "Fixtures/forms").iterdir() if x.is_file() and x.suffix != ".json")
    passed = failed = compared = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            expected = loaded(path)
            try:
                if isinstance(expected, str):
                    count = len(pth2swt.load(path))
                    print(f"{path.name}: {count} tensors; PyTorch: {expected}")
                    continue
                found = list(differences(path, expected))
                if not any(t.is_quantized or t.is_meta or t.is_nested for _, t in expected):
                    found += saved(path, folder)
            except pth2swt.PthError as refusal:
                print(f"{path.name}: refused: {str(refusal)[len(str(path)):][:120]}")
                continue
            compared += len(expected)
            print(f"{path.name}: {len(expected)} tensors, {found or 'none different'}")
            passed, failed = passed + (not found), failed + bool(found)
    print(f"{compared:,} tensors compared; {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
