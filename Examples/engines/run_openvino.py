#!/usr/bin/env python3
"""Runs a .swt's network in OpenVINO:  run_openvino.py MODEL.swt INPUT.npy OUTPUT.npz [f32|bf16|f16]

The last word is the INFERENCE_PRECISION_HINT; without it, OpenVINO chooses, which is bf16 on processors with AMX.
"""
import sys

import numpy as np
import openvino
import torch

from network import Tapped, save

model, source, target, *hint = sys.argv[1:]
network, x = Tapped(model), np.load(source)
converted = openvino.convert_model(network, example_input=torch.from_numpy(x))
options = {"INFERENCE_PRECISION_HINT": hint[0]} if hint else {}
result = openvino.Core().compile_model(converted, "CPU", options)(x)
save(target, network.names, [result[i] for i in range(len(network.names))])
