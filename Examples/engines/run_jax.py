#!/usr/bin/env python3
"""Runs a .swt's network in JAX:  run_jax.py MODEL.swt INPUT.npy OUTPUT.npz [bf16|f16|same]

bf16 and f16 hold every array in that type; same is TensorFlow's padding, which is a fault.
"""
import sys

import jax
import jax.numpy as jnp
import numpy as np

from walk import Network

model, source, target, *mode = sys.argv[1:]
TYPE = {"bf16": jnp.bfloat16, "f16": jnp.float16}.get(mode[0] if mode else "", jnp.float32)


class Jax:
    relu, add = jax.nn.relu, jnp.add

    def conv(x, weight, bias, stride, padding, groups):
        padding = "SAME" if mode == ["same"] else [(padding, padding)] * 2
        y = jax.lax.conv_general_dilated(
            x, jnp.asarray(weight, TYPE), (stride, stride), padding, feature_group_count=groups,
            dimension_numbers=("NCHW", "OIHW", "NCHW"))
        return y + jnp.asarray(bias, TYPE)[None, :, None, None]

    def maxpool(x):
        return jax.lax.reduce_window(x, jnp.array(-jnp.inf, x.dtype), jax.lax.max, (1, 1, 3, 3), (1, 1, 2, 2),
                                     ((0, 0), (0, 0), (1, 1), (1, 1)))

    def mean(x):
        return x.mean((2, 3))

    def dense(x, weight, bias):
        return x @ jnp.asarray(weight, TYPE).T + jnp.asarray(bias, TYPE)


network = Network(model)
outputs = jax.jit(lambda x: network.run(x, Jax))(jnp.asarray(np.load(source), TYPE))
np.savez(target, **{name: np.asarray(y, np.float32) for name, y in outputs.items()})
