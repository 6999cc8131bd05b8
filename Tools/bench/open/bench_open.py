"""Opens the same tensors as .swt and as .safetensors, in alternating rounds, and prints the medians.

usage: bench_open.py LIBRARY MODEL.swt LISTING.txt [ROUNDS]

LISTING is what Tests/System/readers/c/list prints for MODEL; the .safetensors file is made from both.
safetensors' reader is the Rust crate of its Python package: one opening is safe_open() and closing, which
includes a call from Python and creating a Python object (the row "small file" shows how much that is, with a
file of one tensor).
"""

import ctypes
import json
import os
import statistics
import struct
import sys
import time

import safetensors

DTYPES = {1: "F32", 2: "F16", 3: "BF16", 4: "I8", 5: "U8", 7: "F64", 8: "I64", 9: "I32", 10: "I16",
          11: "BOOL",
          12: "F8_E4M3", 13: "F8_E5M2", 14: "U16", 15: "U32", 16: "U64"}


def write_safetensors(path, tensors):
    """Writes (name, dtype code, shape, bytes) in the given order."""
    header, at = {}, 0
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": DTYPES[dtype], "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors:
            file.write(tensor[3])


def tensors_of(listing, model):
    """The tensors of a .swt file, from its listing."""
    with open(listing) as lines, open(model, "rb") as file:
        for line in lines:
            kind, *fields = line.split()
            if kind != "tensor":
                continue
            _, name, dtype, _, dims, _, offset, length, *_ = fields
            file.seek(int(offset))
            shape = [] if dims == "-" else [int(d) for d in dims.split("x")]
            yield bytes.fromhex(name).decode(), int(dtype), shape, file.read(int(length))


def seconds_of_safe_open(path, times):
    start = time.perf_counter()
    for _ in range(times):
        with safetensors.safe_open(path, framework="numpy"):
            pass
    return (time.perf_counter() - start) / times


def main():
    library, model, listing, *rounds = sys.argv[1:]
    rounds = int(rounds[0]) if rounds else 15
    bench = ctypes.CDLL(os.path.abspath(library))
    for function in (bench.bench_open, bench.bench_find, bench.bench_library_open, bench.bench_library_find):
        function.restype = ctypes.c_double
    swt = os.fsencode(model)
    tensors = list(tensors_of(listing, model))
    same, small = model + ".safetensors", model + ".small.safetensors"
    write_safetensors(same, tensors)
    write_safetensors(small, tensors[:1])

    def opening(level):
        return lambda: bench.bench_open(swt, level, 50)

    rows = {
        "swt.h, header and section table": opening(0),
        "swt.h, every index check": opening(1),
        "Swift, every index check": lambda: bench.bench_library_open(swt, 50),
        ".safetensors": lambda: seconds_of_safe_open(same, 5),
        ".safetensors, small file": lambda: seconds_of_safe_open(small, 50),
        "swt.h, one tensor by its name": lambda: bench.bench_find(swt, 5),
        "Swift, one tensor by its name": lambda: bench.bench_library_find(swt, 5),
    }
    times = {name: [] for name in rows}
    for number in range(rounds + 1):
        for name, run in rows.items():
            seconds = run()
            if seconds < 0:
                sys.exit(f"{name}: failed")
            if number:  # the first round warms the page cache
                times[name].append(seconds)
    median = {name: statistics.median(values) for name, values in times.items()}
    print(
          f"{len(tensors)} tensors, safetensors {safetensors.__version__}, {rounds} rounds, medians (minimum "
          f"… maximum)")
    for name, values in times.items():
        print(
              f"  {name:<32} {median[name] * 1e6:12.3f} µs  ({min(values) * 1e6:.3f} … "
              f"{max(values) * 1e6:.3f})")
    for reader in ("swt.h, every index check", "Swift, every index check"):
        pairs = [b / a for a, b in zip(times[reader], times[".safetensors"])]
        print(f"  .safetensors takes {statistics.median(pairs):.1f} times as long as {reader}")


main()
