#!/usr/bin/env python3
"""Uses a .swt file from Python with only Readers/python/swt.py; with numpy it would be shorter.

Runs the classifier on features computed by PyTorch (the tap avgpool of a golden test in the file) and
compares the logits with PyTorch's:  features.py MODEL.swt
Exit status: 0 they agree, 1 they do not, 2 the file has no such golden test, 3 it is damaged.
"""
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Readers/python"))
import swt  # noqa: E402  (found with the line above)


def floats(file, name):
    """A float32 tensor in place, without numpy and without a copy."""
    return file.bytes(name).cast("f")


def main(path):
    try:
        file = swt.open(path)
        print(path, f"swt1:{file.content_id.hex()}", file.metadata.get("arch.name"))
        names = set(file.names)
        golden = next((s.name for s in file.golden_sets if f"golden/{s.name}/tap.avgpool" in names), None)
        if golden is None:
            print("no golden test has all values of avgpool")
            return 2
        weight, bias = floats(file, "fc.weight"), floats(file, "fc.bias")
        features = floats(file, f"golden/{golden}/tap.avgpool")
        expected = floats(file, f"golden/{golden}/logits_f32")
    except swt.Error as error:
        print(f"{path}: {error.rule} at byte {error.offset}")
        return 3
    width, classes = len(weight) // len(bias), len(bias)
    worst = 0.0
    for image in range(len(features) // width):
        x = features[image * width:(image + 1) * width]
        for label in range(classes):
            row = weight[label * width:(label + 1) * width]
            logit = bias[label] + math.fsum(a * b for a, b in zip(row, x))
            worst = max(worst, abs(logit - expected[image * classes + label]))
    print(f"{len(expected)} logits, largest difference {worst:.2e}")
    return 0 if worst < 1e-4 else 1


sys.exit(main(sys.argv[1]))
