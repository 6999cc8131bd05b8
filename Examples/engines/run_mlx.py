#!/usr/bin/env python3
"""Runs a .swt's network in MLX:  run_mlx.py MODEL.swt INPUT.npy OUTPUT.npz [bf16|f16]

Its arrays have their channels last.
"""
import sys

import mlx.core as mx
import mlx.nn as nn
import numpy as np

from walk import Network

model, source, target, *mode = sys.argv[1:]
TYPE = {"bf16": mx.bfloat16, "f16": mx.float16}.get(mode[0] if mode else "", mx.float32)


def array(values):
    return mx.array(np.ascontiguousarray(values)).astype(TYPE)


class MLX:
    relu, add, maxpool = nn.relu, mx.add, nn.MaxPool2d(3, 2, 1)

    def conv(x, weight, bias, stride, padding, groups):
        return mx.conv2d(x, array(weight), stride, padding, 1, groups) + array(bias)

    def mean(x):
        return x.mean((1, 2))

    def dense(x, weight, bias):
        return x @ array(weight).T + array(bias)


outputs = Network(model, "OHWI").run(array(np.load(source).transpose(0, 2, 3, 1)), MLX)
np.savez(target, **{name: np.asarray(y.astype(mx.float32)) for name, y in outputs.items()})
