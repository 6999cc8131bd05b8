#!/usr/bin/env python3
"""Runs a .swt's network in ONNX Runtime:  run_onnxruntime.py MODEL.swt INPUT.npy OUTPUT.npz"""
import sys
import tempfile

import numpy as np
import onnxruntime
import torch

from network import Tapped, save

model, source, target = sys.argv[1:]
network, x = Tapped(model), np.load(source)
with tempfile.TemporaryDirectory() as folder:
    path = f"{folder}/network.onnx"
    torch.onnx.export(network, (torch.from_numpy(x),), path, input_names=["input"], output_names=network.names,
                      dynamo=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    save(target, network.names, session.run(network.names, {"input": x}))
