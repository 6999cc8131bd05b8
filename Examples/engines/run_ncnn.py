#!/usr/bin/env python3
"""Runs a .swt's network in ncnn:  run_ncnn.py MODEL.swt INPUT.npy OUTPUT.npz [f32]

The last word switches off ncnn's float16 options, which are on by default.
"""
import sys
import tempfile

import ncnn
import numpy as np

from walk import Network

model, source, target, *mode = sys.argv[1:]
x, lines, weights = np.load(source)[0], [], []


def layer(kind, *inputs, options="", values=()):
    """Adds a line of ncnn's text format; returns its number, which names the output."""
    # Tag 0: float32 follows.
    weights.extend([np.zeros(1, np.int32), *values] if values else [])
    lines.append((kind, inputs, options))
    return len(lines) - 1


class NCNN:
    def conv(x, w, bias, stride, padding, groups):
        options = f"0={len(w)} 1={w.shape[2]} 3={stride} 4={padding} 5=1 6={w.size} 7={groups}"
        kind = "Convolution" if groups == 1 else "ConvolutionDepthWise"
        return layer(kind, x, options=options, values=(w, bias))

    def dense(x, w, bias):
        return layer("InnerProduct", x, options=f"0={len(w)} 1=1 2={w.size}", values=(w, bias))

    relu = lambda x: layer("ReLU", x)
    add = lambda x, y: layer("BinaryOp", x, y, options="0=0")
    maxpool = lambda x: layer("Pooling", x, options="0=0 1=3 2=2 3=1 5=1")
    mean = lambda x: layer("Pooling", x, options="0=1 4=1")


outputs = Network(model).run(layer("Input"), NCNN)
body, parts = [], []
for number, (kind, inputs, options) in enumerate(lines):
    # A blob has one reader in ncnn, so each is split: part 0 is the output, the others are read.
    read = " ".join(f"b{i}_{parts[i].pop()}" for i in inputs)
    parts.append(list(range(1, 1 + sum(line[1].count(number) for line in lines))))
    body.append(f"{kind} l{number} {len(inputs)} 1 {read} b{number} {options}")
    split = [f"b{number}_{i}" for i in [0] + parts[number]]
    body.append(f"Split s{number} 1 {len(split)} b{number} {' '.join(split)}")
blobs = len(lines) + sum(1 + len(part) for part in parts) + sum(len(line[1]) for line in lines)
net = ncnn.Net()
for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
    setattr(net.opt, option, mode != ["f32"])
with tempfile.TemporaryDirectory() as folder:
    open(f"{folder}/n.param", "w").write("\n".join(["7767517", f"{len(body)} {blobs}"] + body) + "\n")
    open(f"{folder}/n.bin", "wb").write(b"".join(value.tobytes() for value in weights))
    assert net.load_param(f"{folder}/n.param") == 0 and net.load_model(f"{folder}/n.bin") == 0
run = net.create_extractor()
run.input("b0", ncnn.Mat(x))
np.savez(target, **{tap: np.array(run.extract(f"b{i}_0")[1])[None] for tap, i in outputs.items()})
