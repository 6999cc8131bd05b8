#!/usr/bin/env python3
"""Runs a .swt's network in IREE, by way of JAX's StableHLO:  run_iree.py MODEL.swt INPUT.npy OUTPUT.npz"""
import sys

import iree.compiler.tools
import iree.runtime
import jax
import jax.numpy as jnp
import numpy as np

from walk import Network

model, source, target = sys.argv[1:]


class Jax:
    relu, add = jax.nn.relu, jnp.add

    def conv(x, weight, bias, stride, padding, groups):
        y = jax.lax.conv_general_dilated(
            x, weight, (stride, stride), [(padding, padding)] * 2, feature_group_count=groups,
            dimension_numbers=("NCHW", "OIHW", "NCHW"))
        return y + bias[None, :, None, None]

    def maxpool(x):
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 3, 3), (1, 1, 2, 2),
                                     ((0, 0), (0, 0), (1, 1), (1, 1)))

    def mean(x):
        return x.mean((2, 3))

    def dense(x, weight, bias):
        return x @ weight.T + bias


network, x, names = Network(model), np.load(source), []


def forward(x):
    outputs = network.run(x, Jax)
    names[:] = outputs
    return tuple(outputs.values())


text = jax.jit(forward).lower(x).as_text()
binary = iree.compiler.tools.compile_str(text, input_type="stablehlo", target_backends=["llvm-cpu"],
                                         extra_args=["--iree-llvmcpu-target-cpu=host"])
module = iree.runtime.load_vm_flatbuffer(binary, driver="local-task")
np.savez(target, **{name: np.asarray(y) for name, y in zip(names, module.main(x))})
