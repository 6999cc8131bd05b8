#!/usr/bin/env python3
"""Compares the output of values.c with what PyTorch read from the checkpoint:

    check_values.py VALUES MODEL.swt TRUTH.json

Compares names and shapes, and the SHA-256 of the values of each float32 tensor.
"""
import hashlib
import json
import struct
import subprocess
import sys


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()


def main(program, model, truth):
    with open(truth, encoding="utf-8") as file:
        expected = json.load(file)
    listed = dict(line.split("] ")[0].split(" [") for line in output(program, model))
    compared = 0
    for tensor in expected:
        assert listed.pop(tensor["name"]) == ",".join(map(str, tensor["shape"])), tensor["name"]
        if tensor["dtype"] == "float32":
            values = [float(line) for line in output(program, model, tensor["name"])]
            digest = hashlib.sha256(struct.pack(f"<{len(values)}f", *values)).hexdigest()
            assert digest == tensor["sha256"], tensor["name"]
            compared += 1
    assert all(name.startswith("golden/") for name in listed), listed
    print(f"{len(expected)} tensors listed, the values of {compared} compared with PyTorch's")


main(*sys.argv[1:])
