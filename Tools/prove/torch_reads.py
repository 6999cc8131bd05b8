#!/usr/bin/env python3
"""Converts checkpoints to .pth, directly and by way of .swt, and compares what PyTorch loads.

    pip install torch==2.13.0 numpy
    python3 Tools/prove/torch_reads.py .build/release/pth2swt [CHECKPOINT ...]

Without checkpoints, those of Fixtures/checkpoints. Each output is loaded with weights_only=True, once into
memory and once mapped. Every tensor must have the dtype, shape and bytes of the source, be contiguous, and
share memory with the tensors that it shared memory with. Prints a line per file, and `N passed, N failed`.
"""
import hashlib
import pathlib
import subprocess
import sys
import tempfile

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def raw(tensor):
    """Contiguous, row-major, little-endian bytes of a tensor."""
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    flat = torch.empty(0, dtype=torch.uint8).set_(
        tensor.untyped_storage(), tensor.storage_offset() * tensor.element_size(),
        (tensor.numel() * tensor.element_size(),))
    return bytes(flat.numpy().tobytes())


def tensors(value, path=()):
    """Named tensors of nested containers and modules."""
    if isinstance(value, torch.Tensor):
        yield ".".join(map(str, path)) or "tensor", value  # convert names a lone tensor
    elif isinstance(value, torch.nn.Module):
        yield from tensors(value.state_dict(), path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from tensors(item, path + (key,))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from tensors(item, path + (index,))


def compare(source, path, whole):
    """Differences between the tensors of a checkpoint and those of a file that was made from it."""
    for mapped in (False, True):
        found = torch.load(path, weights_only=True, mmap=mapped)
        by_name = dict(source)
        for name, tensor in found.items():
            wanted = by_name.get(name)
            if wanted is None:
                matches = [t for n, t in source if n.endswith("." + name)]
                wanted = matches[0] if matches else None
            if wanted is None:
                yield f"{name} is not in the source"
            elif wanted.is_quantized:
                continue
            elif (tensor.dtype, tensor.shape) != (wanted.dtype, wanted.shape):
                yield f"{name}: {tensor.dtype} {tuple(tensor.shape)}, not {wanted.dtype} {tuple(wanted.shape)}"
            elif not tensor.is_contiguous():
                yield f"{name} is not contiguous"
            elif hashlib.sha256(raw(tensor)).digest() != hashlib.sha256(raw(wanted)).digest():
                yield f"{name} has other values"
        if whole and len(found) != len(source):
            yield f"{len(found)} tensors, not {len(source)}"


def main():
    program = sys.argv[1]
    files = [pathlib.Path(f) for f in sys.argv[2:]]
    files = files or sorted((ROOT / "Fixtures/checkpoints").glob("*.pth"))
    passed = failed = count = 0
    for file in files:
        source = list(tensors(torch.load(file, weights_only=False)))
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for steps in (["a.pth"], ["a.swt", "a.pth"], ["a.safetensors", "a.pth"]):
                at = file
                for step in steps:
                    to = folder / f"{len(steps)}-{step}"
                    subprocess.run(
                        [program, "convert", at, "-o", to, "--arch", "none", "--force", "--quiet"], check=True)
                    at = to
                faults = list(compare(source, at, whole=True))
                count += len(source)
                passed, failed = passed + (not faults), failed + bool(faults)
                print("FAIL" if faults else "ok  ", file.name, "by", *steps)
                print(*[f"     {fault}" for fault in faults[:5]], sep="\n", end="\n" if faults else "")
    print(f"{count} tensors; {passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
