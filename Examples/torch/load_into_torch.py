#!/usr/bin/env python3
"""Loads a .swt file into a torch module and runs it:  load_into_torch.py MODEL.swt [INPUT.npy]

Weights stored as float32 are not copied: the module's parameters are views of the mapped file. It is mapped
copy-on-write, so the module can be trained and the file on disk does not change. f16, bf16 and quantized
weights are converted to float32, in which convolutions are computed on a CPU. BatchNorm may be folded. Each tensor is
checked against its digest when it is loaded.

Without INPUT, runs the golden tests in the file and compares the logits with the expected ones.
Exit status: 0 done, 1 a golden test failed, 2 resnet.py does not build the network, 5 the file is damaged.
"""
import mmap
import pathlib
import sys

import torch

# swt.py next to this file, or the one in the repository.
sys.path += [str(folder / "Readers/python") for folder in pathlib.Path(__file__).resolve().parents]
import swt  # noqa: E402
from resnet import ResNet, Unsupported  # noqa: E402

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "f64": torch.float64,
         "i8": torch.int8, "u8": torch.uint8, "i16": torch.int16, "i32": torch.int32, "i64": torch.int64,
         "bool": torch.bool}
WEIGHTS = {"parameter", "buffer"}


def map_file(path):
    """An open file whose bytes can be modified in memory only."""
    try:
        with open(path, "rb") as file:
            return swt.File(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    except (OSError, ValueError) as problem:
        raise swt.Error("unreadable", 0, str(problem)) from None


def stored_tensor(file, key):
    """A tensor in its stored type, in place."""
    record = file[key]
    dtype = TYPES.get(swt.DTYPES[record.dtype][0]) if record.dtype in swt.DTYPES else None
    if dtype is None:
        raise Unsupported(f"{record.name} has a type that torch lacks")
    data = file.bytes(key)
    flat = torch.frombuffer(data, dtype=dtype) if len(data) else torch.empty(0, dtype=dtype)
    laid = flat.reshape([record.shape[d] for d in record.order])
    return laid.permute([record.order.index(d) for d in range(len(record.shape))])


def weight(file, key):
    """A tensor for a module: real numbers as float32, counters unchanged."""
    if file[key].flags & swt.QUANTIZED:
        return torch.from_numpy(file.dequantized(key)).float()
    tensor = stored_tensor(file, key)
    return tensor.float() if tensor.is_floating_point() else tensor


def load(path):
    """Returns (module in eval mode, open file). The module keeps the mapping alive."""
    file = map_file(path)
    with torch.device("meta"):  # only shapes: the values come from the file
        module = ResNet(file.metadata)
    state = {record.name: weight(file, record.index) for record in file if swt.ROLES[record.role] in WEIGHTS}
    module.load_state_dict(state, strict=True, assign=True)
    return module.eval(), file


def agrees(logits, expected, golden):
    """The rule of FORMAT.md, section 9: at most k times the error of PyTorch's own float32 output."""
    error = logits.double() - expected.double()
    relative = float(error.norm() / expected.double().norm())
    largest = float(error.abs().max() / expected.double().std(correction=0))
    print(f"  relative error {relative:.2e} of {golden.k * golden.floor_rel_l2:.2e} allowed, "
          f"largest {largest:.2e} of {1.5 * golden.k * golden.floor_max:.2e}")
    return relative <= golden.k * golden.floor_rel_l2 and largest <= 1.5 * golden.k * golden.floor_max


def run_goldens(module, file):
    """Returns the number of golden tests run, and of those that failed."""
    ran = failed = 0
    for golden_set in file.golden_sets:
        vectors = file.goldens[golden_set.first:golden_set.first + golden_set.count]
        output = next((g for g in vectors if g.kind == 1 and g.name in ("logits", "layer4")), None)
        if output is None or golden_set.input_tensor == swt.NONE:
            continue
        print(f"golden {golden_set.name}")
        logits = module(stored_tensor(file, golden_set.input_tensor).float())
        show(logits)
        ran += 1
        failed += not agrees(logits, stored_tensor(file, output.expected), output)
    return ran, failed


def show(output):
    for row in output.flatten(1):
        more = " …" if len(row) > 10 else ""
        print("  " + " ".join(f"{value:.6g}" for value in row[:10].tolist()) + more)


@torch.inference_mode()
def main(path, image=None):
    try:
        module, file = load(path)
        if image:
            import numpy
            show(module(torch.from_numpy(numpy.load(image, allow_pickle=False)).float()))
            return 0
        ran, failed = run_goldens(module, file)
    except swt.Error as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 5
    except Unsupported as reason:
        print(f"{path}: resnet.py does not build this network: {reason}", file=sys.stderr)
        return 2
    print(f"golden tests: {ran} run, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
