#!/usr/bin/env python3
"""Says what folding, casting and quantising make of the fixtures' networks: Fixtures/truth/reduced.json.

PyTorch reads the checkpoint; numpy folds, rounds and quantises in float64, by FORMAT.md section 6:
s = gamma / sqrt(var + eps), w' = w * s, b' = beta - mean * s, one rounding at the end.
Versions as in requirements-fixtures.txt. Deterministic: nothing is random. Of each SHA-256 the first 16 digits are kept.
"""
import hashlib
import json
import pathlib

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Fixtures"
EPSILON = 1e-5
NETWORKS = ["resnext_small", "resnet_basic"]


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def rounded(values, precision):
    """float64 values in another type; each element is rounded once, to nearest, ties to even."""
    if precision == "bf16":
        return to_bfloat16(values)
    return values.astype(np.float16 if precision == "f16" else np.float32)


def to_bfloat16(values):
    """Rounds float64 to bfloat16 bits once: the neighbours are compared exactly."""
    bits = values.astype(np.float32).view(np.uint32)
    low = (bits >> 16).astype(np.uint32)
    best = np.zeros(values.shape, np.uint16)
    error = np.full(values.shape, np.inf)
    for step in (-1, 0, 1):
        candidate = (low.astype(np.int64) + step).clip(0, 0xFFFF).astype(np.uint32)
        value = (candidate << 16).view(np.float32).astype(np.float64)
        distance = np.abs(value - values)
        wins = (distance < error) | ((distance == error) & (candidate % 2 == 0))
        best = np.where(wins, candidate.astype(np.uint16), best)
        error = np.where(wins, distance, error)
    return best


def quantised(values):
    rows = values.reshape(values.shape[0], -1)
    largest = np.abs(rows).max(axis=1)
    scales = np.where(largest == 0, 1.0, largest / 127).astype(np.float32)
    q = np.rint(rows / scales.astype(np.float64)[:, None]).clip(-127, 127).astype(np.int8)
    return q.reshape(values.shape), scales


def norm_of(conv):
    if ".downsample.0" in conv:
        return conv.replace(".downsample.0", ".downsample.1")
    return conv.replace("conv", "bn")


def converted(state, fold, precision):
    """Name -> SHA-256 of the stored bytes, without golden tensors."""
    digests = {}
    for name, tensor in state.items():
        is_conv = tensor.ndim == 4
        is_layer = is_conv or name == "fc.weight"
        if fold and not is_layer and not name.startswith("fc."):
            continue
        values = tensor.double().numpy()
        if is_conv and fold:
            norm = norm_of(name.removesuffix(".weight"))
            part = {leaf: state[f"{norm}.{leaf}"].double().numpy()
                    for leaf in ("weight", "bias", "running_mean", "running_var")}
            factor = part["weight"] / np.sqrt(part["running_var"] + EPSILON)
            values = values * factor[:, None, None, None]
            bias = part["bias"] - part["running_mean"] * factor
            digests[name.removesuffix("weight") + "bias"] = sha256(bias.astype(np.float32))
        if is_layer and precision == "i8":
            q, scales = quantised(values)
            digests[name] = sha256(q)
            digests[f"{name}.scale"] = sha256(scales)
        elif is_layer and (fold or precision):
            digests[name] = sha256(rounded(values, precision))
        else:
            digests[name] = sha256(tensor.contiguous().numpy())
    return digests


def main():
    truth = {"torch": torch.__version__, "numpy": np.__version__, "networks": {}}
    for network in NETWORKS:
        state = torch.load(ROOT / "checkpoints" / f"{network}.pth", weights_only=True)
        variants = truth["networks"][network] = {}
        for fold in (False, True):
            for precision in (None, "f16", "bf16", "i8"):
                if fold or precision:
                    key = ("fold-bn " if fold else "") + (precision or "")
                    digests = converted(state, fold, precision)
                    # What only keeps its bytes is proven elsewhere.
                    kept = {name for name, t in state.items() if digests.get(name) == sha256(t.contiguous().numpy())}
                    variants[key.strip()] = {
                        "count": len(digests),
                        "sha256": {n: d[:16] for n, d in sorted(digests.items()) if n not in kept}}
    path = ROOT / "truth" / "reduced.json"
    path.write_text(json.dumps(truth, indent=0, sort_keys=True) + "\n")
    print(path, path.stat().st_size, "bytes")


main()
