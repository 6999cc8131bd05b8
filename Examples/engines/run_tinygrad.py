#!/usr/bin/env python3
"""Runs a .swt's network in tinygrad:  run_tinygrad.py MODEL.swt INPUT.npy OUTPUT.npz [bf16|f16]"""
import sys

import numpy as np
from tinygrad import Tensor, dtypes

from walk import Network

model, source, target, *mode = sys.argv[1:]
TYPE = {"bf16": dtypes.bfloat16, "f16": dtypes.half}.get(mode[0] if mode else "", dtypes.float)


def tensor(values):
    return Tensor(np.ascontiguousarray(values)).cast(TYPE)


class Tinygrad:
    relu, add = Tensor.relu, Tensor.add

    def conv(x, weight, bias, stride, padding, groups):
        return x.conv2d(tensor(weight), tensor(bias), groups, stride, 1, padding)

    def maxpool(x):
        return x.max_pool2d(3, 2, padding=1)

    def mean(x):
        return x.mean((2, 3))

    def dense(x, weight, bias):
        return x @ tensor(weight).T + tensor(bias)


outputs = Network(model).run(tensor(np.load(source)), Tinygrad)
np.savez(target, **{name: y.cast(dtypes.float).numpy() for name, y in outputs.items()})
