#!/usr/bin/env python3
"""Times `pth2swt.load` and a lazy open beside torch.load: whole processes, interleaved, medians of ratios.

    pip install torch==2.13.0 numpy pth2swt-*.whl
    python3 Tools/bench/python_load.py [ROUNDS]

The files are made first: a resnext101_32x8d of 356 MB, and 10,000 tensors. Prints seconds and ratios.
"""
import statistics
import subprocess
import sys
import tempfile
import time

MAKE = """
import sys, torch
torch.manual_seed(0)
state = {f"layer{i}.weight": torch.randn(1024, 1024) for i in range(84)}
state["rest"] = torch.randn(923_000)
torch.save(state, sys.argv[1] + "/large.pth")
torch.save({f"part{i}.weight": torch.randn(16) for i in range(10_000)}, sys.argv[1] + "/many.pth")
"""
TASKS = [
    ("load, 356 MB", "large.pth", "import pth2swt, sys; pth2swt.load(sys.argv[1])",
     "import torch, sys; torch.load(sys.argv[1])"),
    ("lazy open, 10,000 tensors", "many.pth", "import pth2swt, sys; pth2swt.open(sys.argv[1])",
     "import torch, sys; torch.load(sys.argv[1])"),
]


def seconds(code, path):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, path], check=True)
    return time.perf_counter() - start


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", MAKE, folder], check=True)
        for name, file, ours, theirs in TASKS:
            path = f"{folder}/{file}"
            pairs = [(seconds(ours, path), seconds(theirs, path)) for _ in range(rounds + 1)][1:]
            a, b = (statistics.median(x) for x in zip(*pairs))
            ratio = statistics.median(x / y for x, y in pairs)
            print(f"{name}: pth2swt {a:.3f} s, torch {b:.3f} s, ratio {ratio:.3f}")


main()
