#!/usr/bin/env python3
"""Proves that quantized networks have PyTorch's integers: random small networks, or whole ones of torchvision.

    python3 quantized.py PTH2SWT [--count 50] [--seed 1] [--full NAME ...]      torch 2.15.0, torchvision 0.29.2

Each network is calibrated for one engine, converted, and run on all four: logits bit for bit, and the integers of
every layer. Prints one line per network and engine that differs, and a summary; exits 1 if anything differs. One
thread, because PyTorch's residual sums depend on how threads divide a tensor. x86 needs a processor with VNNI.
--full takes names such as resnext101_32x8d, with random weights, and also prints sizes and times, paired.
"""
import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import torch
import torch.ao.quantization as tq
import torch.nn as nn
import torchvision.models.quantization.resnet as quantizable
from torchvision.models.quantization.utils import _replace_relu

warnings.filterwarnings("ignore")
torch.set_grad_enabled(False)
torch.set_num_threads(1)
ENGINES = ("fbgemm", "x86", "onednn", "qnnpack")


def small(rng):
    """A random network: blocks, groups, widths, classes."""
    block = rng.choice([quantizable.QuantizableBottleneck, quantizable.QuantizableBasicBlock])
    bottleneck = block is quantizable.QuantizableBottleneck
    layers = [rng.choice([1, 1, 2]) for _ in range(4)]
    base = rng.choice([4, 8, 12, 16])
    groups, width = (rng.choice([(1, 64), (4, 32), (4, 64), (2, 96), (8, 64)]) if bottleneck else (1, 64))
    m = quantizable.QuantizableResNet(block, layers, num_classes=rng.choice([1, 3, 10, 37]), groups=groups,
                                      width_per_group=width)
    m.inplanes, m.conv1, m.bn1 = base, nn.Conv2d(3, base, 7, 2, 3, bias=False), nn.BatchNorm2d(base)
    for i, count in enumerate(layers):
        setattr(m, f"layer{i + 1}", m._make_layer(block, base << i, count, stride=1 if i == 0 else 2))
    m.fc = nn.Linear((base << 3) * block.expansion, m.fc.out_features)
    return m, f"{'bottleneck' if bottleneck else 'basic'} {layers} base {base} groups {groups}x{width}"


def settle(m, size):
    """Weights and statistics as of a trained network."""
    for x in m.modules():
        if isinstance(x, nn.Conv2d):
            nn.init.kaiming_normal_(x.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(x, nn.BatchNorm2d):
            x.momentum = None
            nn.init.uniform_(x.weight, 0.5, 1.5)
            nn.init.normal_(x.bias, 0, 0.3)
    m.train()
    m(torch.randn(4, 3, size, size))
    _replace_relu(m)
    return m.eval()


def quantize(m, engine, size, batch=4):
    import copy
    torch.backends.quantized.engine = engine
    m = copy.deepcopy(m)
    m.fuse_model(is_qat=False)
    m.qconfig = tq.get_default_qconfig(engine)
    tq.prepare(m, inplace=True)
    m(torch.randn(batch, 3, size, size))
    tq.convert(m, inplace=True)
    return m


def run(m, x):
    layers, hooks = {}, []
    for name, part in m.named_modules():
        if re.fullmatch(r"(layer\d\.\d+\.)?(conv\d|downsample\.0)|maxpool|layer\d\.\d+|avgpool", name):
            hooks.append(part.register_forward_hook(
                lambda part, i, o, name=name: layers.__setitem__(name, o.int_repr().numpy())))
    layers["logits"] = m(x).numpy()
    for hook in hooks:
        hook.remove()
    return layers


class Prover:
    def __init__(self, tool, folder):
        self.tool, self.folder, self.compared, self.wrong = tool, folder, 0, 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def compare(self, title, float_model, calibrated, x, size):
        model = quantize(float_model, calibrated, size)
        state = model.state_dict()
        torch.save(state, self.path("m.pth"))
        np.save(self.path("x.npy"), x.numpy())
        subprocess.run([self.tool, "convert", self.path("m.pth"), "-o", self.path("m.swt"), "--force", "--quiet"],
                       check=True)
        for engine in ENGINES:
            moved = quantize(float_model, engine, size, batch=1)
            moved.load_state_dict(state)
            try:
                expected = run(moved, x)
            except RuntimeError as error:  # QNNPACK refuses some ratios of scales
                print(f"{title}, {engine}: PyTorch refuses: {str(error).splitlines()[0][:90]}")
                continue
            names = [name for name in expected if name != "logits"]
            subprocess.run([self.tool, "run", self.path("m.swt"), self.path("x.npy"), "-o", self.path("y.npz"),
                            "--force", "--quiet", "--taps", ",".join(names), "--quantized-engine", engine], check=True)
            found = np.load(self.path("y.npz"))
            for name, value in expected.items():
                self.compared += 1
                got = found[name].reshape(value.shape)
                count = int((got.view(np.uint32) != value.view(np.uint32)).sum()) if name == "logits" else int(
                    (got != value).sum())
                if count:
                    self.wrong += 1
                    print(f"{title}, {engine}: {name}: {count} of {value.size} differ")
                    break
        return model


def times(tool, prover, model, engine, size, runs=9):
    """Medians of PyTorch and of this program, in turn, in milliseconds."""
    torch.backends.quantized.engine = engine
    x = torch.randn(1, 3, size, size)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        theirs, ours = [], []
        for _ in range(3):
            model(x)
        for _ in range(runs):
            start = time.perf_counter()
            model(x)
            theirs.append(1000 * (time.perf_counter() - start))
            text = subprocess.run([tool, "bench", prover.path("m.swt"), "--quantized-engine", engine, "--threads",
                                   str(threads), "--runs", "3", "--warmup", "1", "--size", str(size), "--json"],
                                  capture_output=True, text=True, check=True).stdout
            ours.append(float(re.search(r'"median":\s*([0-9.e+]+)', text).group(1)))
        a, b = statistics.median(ours), statistics.median(theirs)
        print(f"  {engine}, {threads} thread(s): {a:.1f} ms here, {b:.1f} ms PyTorch, ratio {a / b:.2f}")
    torch.set_num_threads(1)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("tool")
    p.add_argument("--count", type=int, default=50)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--size", type=int, default=224, help="of images for --full")
    p.add_argument("--no-times", action="store_true")
    p.add_argument("--full", nargs="*", default=[])
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prover = Prover(os.path.abspath(a.tool), folder)
        for number in range(0 if a.full else a.count):
            rng = random.Random(a.seed * 1000 + number)
            torch.manual_seed(a.seed * 1000 + number)
            size = rng.choice([33, 48, 64])
            m, title = small(rng)
            x = torch.randn(rng.choice([1, 2]), 3, size + rng.choice([0, 7]), size)
            prover.compare(f"{number}: {title}", settle(m, size), rng.choice(ENGINES), x, size)
        for name in a.full:
            torch.manual_seed(a.seed)
            m = settle(getattr(quantizable, name)(), 96)
            model = prover.compare(name, m, "x86", torch.randn(1, 3, a.size, a.size), 96)
            torch.save(m.state_dict(), prover.path("f.pth"))
            sizes = [os.path.getsize(prover.path(f)) / 1e6 for f in ("f.pth", "m.pth", "m.swt")]
            print("{}: {:.1f} MB in float32, {:.1f} MB quantized, {:.1f} MB as .swt".format(name, *sizes))
            if not a.no_times:
                times(prover.tool, prover, model, "x86", a.size)
        print(f"quantized: {prover.compared} layers and outputs compared, {prover.wrong} networks differ on an engine")
        sys.exit(prover.wrong > 0)


if __name__ == "__main__":
    main()
