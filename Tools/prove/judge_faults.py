#!/usr/bin/env python3
"""Faults in another engine, PyTorch: what judge says of its outputs, with layers and with logits alone.

    python3 Tools/prove/judge_faults.py [--pth2swt PATH] [--size 224] [--write]

The faults are those of Faults.md and two more. The network is resnext50_32x4d with seeded weights and
calibrated BatchNorm, the input follows a formula; nothing is downloaded. Each fault is written in plain PyTorch.
--write puts the table into the page Judge.md. Needs torch and torchvision as in Tools/fixtures/requirements.txt,
and some minutes.
"""
import argparse
import copy
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tools/fixtures"))
import make_fault_fixtures as faults  # noqa: E402
import make_fixtures as fixtures  # noqa: E402

torchvision = fixtures.torchvision

PAGE = ROOT / "Sources/SWTVerification/SWTVerification.docc/Judge.md"


def network():
    """The same network at every call; the golden script calls this, too."""
    net = torchvision.models.resnext50_32x4d()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        fixtures.initialize(net, generator)
        fixtures.calibrate(net, [fixtures.synthetic_images(generator, 8, 224, 224) for _ in range(2)])
    return net.eval()


def tensors(path, change):
    return lambda net: net.get_submodule(path.rpartition(".")[0]).state_dict()[path.rpartition(".")[2]].copy_(
        change(net.state_dict()[path].clone()))


def exchange(a, b):
    """Two tensors of equal shape, in each other's place."""
    def apply(net):
        state = net.state_dict()
        first, second = state[a].clone(), state[b].clone()
        state[a].copy_(second)
        state[b].copy_(first)
    return apply


def flipped(weight, index):
    weight[index] *= -1
    return weight


def zeroed(weight):
    weight[7] = 0
    return weight


def roles(layer, a, b):
    block, conv = layer.rsplit(".", 1)
    norm = f"{block}.bn{conv[-1]}"
    return exchange(f"{norm}.{a}", f"{norm}.{b}")


def grouped(weight):
    return weight.unflatten(0, (-1, 32)).transpose(0, 1).flatten(0, 1)


# Fault, place, change of the network, the causes that are right.
FAULTS = [
    ("epsilon1e3", "every layer", lambda net: faults.set_epsilon(net, 1e-3), ["bn-eps"]),
    ("epsilon1e6", "every layer", lambda net: faults.set_epsilon(net, 1e-6), ["bn-eps"]),
    ("epsilon0", "every layer", lambda net: faults.set_epsilon(net, 0), ["bn-eps"]),
    ("samePadding", "every layer", faults.pad_same, ["same-padding"]),
    ("strideMoved", "every layer", faults.stride_first, ["stride-moved"]),
    ("bgr", "input", None, ["bgr-input", "bgr-weights"]),
    ("bgr", "conv1", tensors("conv1.weight", lambda w: w.flip(1)), ["bgr-input", "bgr-weights"]),
    ("blocksExchanged", "layer2.1", faults.exchange("layer2.1", "layer2.2"), ["blocks-exchanged"]),
    ("blocksExchanged", "layer3.1", faults.exchange("layer3.1", "layer3.2"), ["blocks-exchanged"]),
    ("normsExchanged", "layer1.0", faults.exchange("layer1.0.bn1", "layer1.0.bn2"), ["bn-exchanged"]),
    ("normsExchanged", "layer3.4", faults.exchange("layer3.4.bn1", "layer3.4.bn2"), ["bn-exchanged"]),
    ("meanAndBias", "layer4.0.conv2", roles("layer4.0.conv2", "bias", "running_mean"), ["bn-roles"]),
    ("meanAndBias", "layer1.1.conv3", roles("layer1.1.conv3", "bias", "running_mean"), ["bn-roles"]),
    ("weightAndVariance", "layer4.1.conv2", roles("layer4.1.conv2", "weight", "running_var"), ["bn-roles"]),
    ("weightAndVariance", "layer3.5.conv1", roles("layer3.5.conv1", "weight", "running_var"), ["bn-roles"]),
    ("meanUnloaded", "layer3.3.conv3", tensors("layer3.3.bn3.running_mean", torch.zeros_like),
     ["running-mean-unloaded"]),
    ("meanUnloaded", "layer3.0.conv1", tensors("layer3.0.bn1.running_mean", torch.zeros_like),
     ["running-mean-unloaded"]),
    ("kernelTransposed", "layer4.1.conv2", tensors("layer4.1.conv2.weight", lambda w: w.transpose(2, 3)),
     ["kernel-transposed"]),
    ("kernelTransposed", "layer2.1.conv2", tensors("layer2.1.conv2.weight", lambda w: w.transpose(2, 3)),
     ["kernel-transposed"]),
    ("kernelRotated", "layer3.1.conv2", tensors("layer3.1.conv2.weight", lambda w: w.flip(2, 3)),
     ["kernel-rotated"]),
    ("kernelRotated", "layer4.1.conv2", tensors("layer4.1.conv2.weight", lambda w: w.flip(2, 3)),
     ["kernel-rotated"]),
    ("groupOrder", "layer3.4.conv2", tensors("layer3.4.conv2.weight", lambda w: faults.shuffle_groups(w, 32)), ["group-order"]),
    ("groupOrder", "layer4.1.conv2", tensors("layer4.1.conv2.weight", grouped), ["group-order"]),
    ("filterZeroed", "layer2.0.conv2", tensors("layer2.0.conv2.weight", zeroed), ["filter-zeroed"]),
    ("filterZeroed", "layer3.3.conv3", tensors("layer3.3.conv3.weight", zeroed), ["filter-zeroed"]),
    ("biasMissing", "fc", tensors("fc.bias", torch.zeros_like), ["fc-bias-missing"]),
    ("signFlipped", "layer3.3.conv1",
     tensors("layer3.3.conv1.weight", lambda w: flipped(w, (355, 204, 0, 0))), ["weight-changed"]),
    ("signFlipped", "layer3.3.conv2",
     tensors("layer3.3.conv2.weight", lambda w: flipped(w, (19, 12, 1, 2))), ["weight-changed"]),
    ("classesReversed", "fc", lambda net: [t.copy_(t.flip(0).clone()) for t in (net.fc.weight, net.fc.bias)],
     ["classes-reversed"]),
    ("softmax", "fc", None, ["softmax"]),
    ("shortcutMissing", "every block", None, ["shortcut-missing"]),
]


@torch.no_grad()
def outputs(net, fault, change, x):
    """Every stage's output of the engine, float32."""
    net = copy.deepcopy(net)
    if change is not None:
        change(net)
    if fault == "shortcutMissing":
        def forward(self, x):
            y = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
            return self.relu(self.bn3(self.conv3(y)))
        for block in net.modules():
            if isinstance(block, torchvision.models.resnet.Bottleneck):
                block.forward = forward.__get__(block)
    x = x.flip(1) if (fault, change) == ("bgr", None) else x
    result = fixtures.run_free(net, "fc", x)
    if fault == "softmax":
        result[list(result)[-1]] = nn.functional.softmax(result[list(result)[-1]], 1)
    names = list(result)
    names[-1] = "logits"
    return {name: value.numpy() for name, value in zip(names, result.values())}


def prepared(tool, folder, size):
    """The network, its weight file and a golden, made in a folder."""
    net = network()
    torch.save(net.state_dict(), folder / "model.pth")
    script = folder / "script.py"
    script.write_text(subprocess.run([tool, "golden", "make", "--print-script"], check=True, capture_output=True,
                                     text=True).stdout)
    words = [sys.executable, script, "--model", "judge_faults:network", "--size", str(size)]
    subprocess.run(words + ["--inputs", "1", "--out", folder], check=True, cwd=pathlib.Path(__file__).parent)
    model = folder / "model.swt"
    subprocess.run([tool, "convert", folder / "model.pth", "-o", model, "--quiet"], check=True)
    return net, model, next(folder.glob("*.golden.safetensors"))


def judge(tool, model, golden, path):
    start = time.perf_counter()
    run = subprocess.run([tool, "judge", model, golden, "--outputs", path, "--json"], capture_output=True,
                         text=True)
    seconds = time.perf_counter() - start
    report = json.loads(run.stdout)
    return run.returncode, report, seconds


def row(name, place, how, causes, status, report, seconds):
    golden = report["goldens"][0]
    cause = golden["cause"] or {}
    where = (golden["first_divergence"] or {}).get("block", "-")
    basis = " by size" if report["class_basis"] == "size" else ""
    is_right = cause.get("id") in causes
    accused = report["model_agrees"] is not True or cause.get("side") not in (None, "engine", "input")
    text = (f"| {name} | {place} | {how} | {report['verdict']} | {report['class']}{basis} | {where} | "
            f"{cause.get('id', '-')} | {'yes' if is_right else 'no'} | {seconds:.1f} |")
    return text, is_right, accused, status


def write(mark, lines):
    """Replaces a table of the page."""
    before, _, rest = PAGE.read_text().partition(f"<!-- {mark} -->\n")
    PAGE.write_text(f"{before}<!-- {mark} -->\n" + "\n".join(lines) + "\n<!-- end -->" +
                    rest.partition("<!-- end -->")[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pth2swt", default=ROOT / ".build/release/pth2swt")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    tool = str(options.pth2swt)
    lines, right, rejected, accusations, times = [], {"layers": 0, "logits": 0}, 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        net, model, golden = prepared(tool, folder, options.size)
        x = torch.as_tensor(fixtures.multiscale_input(0, (1, 3, options.size, options.size)))
        for name, place, change, causes in FAULTS:
            arrays = outputs(net, name, change, x)
            np.savez(folder / "layers.npz", **arrays)
            np.save(folder / "logits.npy", arrays["logits"])
            for how, path in (("layers", "layers.npz"), ("logits", "logits.npy")):
                status, report, seconds = judge(tool, model, golden, folder / path)
                text, is_right, accused, status = row(name, place, how, causes, status, report, seconds)
                print(text, flush=True)
                lines.append(text)
                times.append(seconds)
                right[how] += is_right
                rejected += status == 1
                accusations += accused
    summary = (f"Of {len(FAULTS)} faults, {right['layers']} are explained rightly with layers and "
               f"{right['logits']} with logits alone; {rejected} of {len(times)} outputs are rejected, "
               f"{accusations} accuse the model. Median {statistics.median(times):.1f} s, longest {max(times):.1f} s.")
    print(summary)
    if options.write:
        table = ["| fault | in | outputs | verdict | class | first divergence | cause | right | seconds |",
                 "|---|---|---|---|---|---|---|---|---|"] + lines + ["", summary]
        write("FAULTS", table)


if __name__ == "__main__":
    main()
