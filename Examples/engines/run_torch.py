#!/usr/bin/env python3
"""Runs a .swt's network in PyTorch:  run_torch.py MODEL.swt INPUT.npy OUTPUT.npz [compile|autocast|half|bfloat16]"""
import sys

import numpy as np
import torch

from network import Tapped, save

model, source, target, *mode = sys.argv[1:]
network, x = Tapped(model), torch.from_numpy(np.load(source))
with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=mode == ["autocast"]):
    if mode == ["compile"]:
        network_run = torch.compile(network)
    elif mode in (["half"], ["bfloat16"]):
        network_run, x = getattr(network, mode[0])(), getattr(x, mode[0])()
    else:
        network_run = network
    save(target, network.names, [y.float().numpy() for y in network_run(x)])
