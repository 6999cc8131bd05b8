"""Proves that a conversion computes what the user's module computes, whatever the file leaves open.

Makes small networks with random conventions (stem, pooling, strides, dilations, epsilons, input channels, final
pooling, head), saves each as a state dict with options, a state dict with a golden, a whole module, a script, a
trace and a .pt2 archive, converts each, runs it and compares with PyTorch's float64 result.

    python Tools/prove/function_evidence.py .build/release/pth2swt [--networks 200] [--seed 0]

Needs torch and torchvision; prints a line per failure and a table. Exit 1 if a result is silently wrong.
"""

import argparse
import collections
import copy
import functools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import torch.nn as nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fixtures"))
import torch_compat

torch_compat.import_torchvision()
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


def calibrated(model, size=64, channels=3):
    """The model with running statistics, so that wrong epsilons and strides show."""
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(4, channels, size, size))
    return model.eval()


def random_network(rng):
    """A network, and the options of convert that state what its state dict does not."""
    basic = rng.random() < 0.3
    layers = [rng.choice([1, 1, 2]) for _ in range(4)]
    options = []
    keywords = {}
    if not basic:
        keywords = dict(groups=8, width_per_group=8)
    epsilon = rng.choice([1e-5, 1e-5, 1e-3, 2e-4])
    if epsilon != 1e-5:
        options += ["--bn-eps", repr(epsilon)]
        keywords["norm_layer"] = functools.partial(nn.BatchNorm2d, eps=epsilon)
    model = ResNet(BasicBlock if basic else Bottleneck, layers, num_classes=10, **keywords)

    channels = rng.choice([3, 3, 3, 1, 2, 4])
    kernel, stride, padding = rng.choice([(7, 2, 3), (7, 2, 3), (7, 1, 3), (3, 1, 1), (3, 2, 1), (5, 2, 2), (3, 1, 2)])
    model.conv1 = nn.Conv2d(channels, 64, kernel, stride, padding, bias=False)
    options += ["--stem", f"{kernel}x{kernel}/{stride}/{padding}"]
    pool = rng.choice(["3x3/2/1", "3x3/2/1", "3x3/2/0/ceil", "2x2/2/0", "none"])
    options += ["--pool", pool]
    if pool == "none":
        model.maxpool = nn.Identity()
    else:
        size, step, pad = pool.replace("/ceil", "").split("/")
        model.maxpool = nn.MaxPool2d(int(size[0]), int(step), int(pad), ceil_mode="ceil" in pool)

    strides, dilations, firsts = [1], [1], [1]
    on_conv1 = not basic and rng.random() < 0.2
    for stage in range(1, 4):
        block = getattr(model, f"layer{stage + 1}")
        step, dilation = rng.choice([(2, 1), (2, 1), (1, 1), (1, 2)])
        first = dilation if basic else rng.choice([1, dilation])
        for index, inner in enumerate(block):
            spatial = [inner.conv1, inner.conv2] if basic else [inner.conv2]
            for place, conv in enumerate(spatial):
                own = first if index == 0 and place == 0 else dilation
                conv.dilation = conv.padding = (own, own)
        convs = [block[0].conv1] if basic else [block[0].conv1, block[0].conv2]
        for conv in convs:
            conv.stride = (1, 1)
        convs[0 if basic or on_conv1 else 1].stride = (step, step)
        block[0].downsample[0].stride = (step, step)
        strides.append(step)
        dilations.append(dilation if len(block) > 1 or basic else first)
        firsts.append(first)
    if on_conv1:
        options += ["--stride-on", "1x1"]
    for name, values in [("strides", strides), ("dilation", dilations), ("first-dilation", firsts)]:
        options += [f"--{name}", ",".join(map(str, values))]
    if rng.random() < 0.2:
        model.fc = nn.Linear(model.fc.in_features, 10, bias=False)
    calibrated(model, 64, channels)
    return model, options, channels


def forms(model, options, x, folder):
    """(form, file, options) of every way to save the model."""
    torch.save(model.state_dict(), folder / "state.pth")
    yield "state dict with options", folder / "state.pth", options
    with torch.no_grad():
        np.savez(folder / "golden.npz", input=x.numpy(), logits=model(x).numpy())
    yield "state dict with golden", folder / "state.pth", ["--golden", str(folder / "golden.npz")]
    torch.save(model, folder / "whole.pth")
    yield "whole module", folder / "whole.pth", []
    torch.jit.script(model).save(str(folder / "script.pth"))
    yield "script", folder / "script.pth", []
    torch.jit.trace(model, x[:1]).save(str(folder / "trace.pth"))
    yield "trace", folder / "trace.pth", []
    torch.export.save(torch.export.export(model, (x[:1],)), str(folder / "export.pt2"))
    yield "pt2", folder / "export.pt2", []


def outcome(program, file, options, x, expected, floor, folder):
    """right, refused or wrong, and what was said."""
    output = folder / "out.swt"
    output.unlink(missing_ok=True)
    run = subprocess.run(
        [program, "convert", str(file), "-o", str(output), "--json", *options], capture_output=True, text=True)
    if run.returncode:
        return "refused", run.stderr.strip()
    np.save(folder / "x.npy", x.numpy())
    forward = subprocess.run(
        [program, "run", str(output), str(folder / "x.npy"), "-o", str(folder / "y.npy"), "--force"],
        capture_output=True, text=True)
    if forward.returncode:
        return "wrong", forward.stderr.strip()
    actual = np.load(folder / "y.npy").astype(np.float64)
    if actual.shape != expected.shape:
        return "wrong", f"shape {actual.shape} instead of {expected.shape}"
    error = np.linalg.norm(actual - expected) / np.linalg.norm(expected)
    return ("right" if error <= 8 * floor else "wrong"), f"{error / floor:.2g} floors"


def truth(model, x):
    with torch.no_grad():
        single = model(x).double().numpy()
        exact = copy.deepcopy(model).double()(x.double()).numpy()
    floor = np.linalg.norm(single - exact) / np.linalg.norm(exact)
    return exact, max(floor, 1e-7)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    counts = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for index in range(arguments.networks):
            seed = arguments.seed * 100_000 + index
            rng = random.Random(seed)
            torch.manual_seed(seed)
            model, options, channels = random_network(rng)
            x = torch.randn(2, channels, 64, 64)
            expected, floor = truth(model, x)
            for form, file, own in forms(model, options, x, folder):
                result, text = outcome(arguments.program, file, own, x, expected, floor, folder)
                counts[form][result] += 1
                if result != "right":
                    print(f"{seed} {form}: {result}: {text}; {' '.join(options)}", flush=True)
    print(json.dumps({form: dict(results) for form, results in counts.items()}, indent=1))
    return 1 if any(results["wrong"] for results in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
