#!/usr/bin/env python3
"""Compares the throughput of `pth2swt evaluate` with torchvision's loader and a frozen PyTorch model, in one run.

    pip install -r Tools/fixtures/requirements.txt
    Tools/bench/evaluate_throughput.py PROGRAM [--pictures N] [--rounds N] [--arch NAME]

Makes a folder of JPEG pictures of 500 × 375 pixels, a network with random weights, and runs both in turn: the same
pictures, the same cores, the same preprocessing; each side at its best: PyTorch with torch.jit.freeze, batches of 32,
channels-last, and as many loader processes as cores. Prints pictures per second of each round, and the ratio of the
medians. Both sides' top-1 counts must be equal.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fixtures"))
import make_fixtures  # noqa: E402  first, because it lets torchvision import with any build of torch
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision.transforms._presets import ImageClassification  # noqa: E402


def pictures(folder, count):
    rng = np.random.default_rng(1)
    for number in range(count):
        small = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((500, 375), Image.Resampling.BICUBIC)
        grain = np.asarray(image).astype(int) + rng.integers(-6, 7, (375, 500, 3))
        target = folder / str(number % 10)
        target.mkdir(exist_ok=True)
        Image.fromarray(grain.clip(0, 255).astype(np.uint8)).save(target / f"{number:05}.jpg", quality=88)


def loaded(net, folder, workers):
    """The time from the first file to the last answer, and the top-1 count."""
    data = torchvision.datasets.ImageFolder(folder, ImageClassification(crop_size=224))
    loader = torch.utils.data.DataLoader(data, batch_size=32, num_workers=workers)
    start, right = time.perf_counter(), 0
    with torch.inference_mode():
        for images, labels in loader:
            logits = net(images.contiguous(memory_format=torch.channels_last))
            right += (logits.argmax(1) == labels).sum().item()
    return time.perf_counter() - start, right


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--arch", default="resnet50")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "photos").mkdir()
        pictures(folder / "photos", options.pictures)
        torch.manual_seed(0)
        model = torchvision.models.get_model(options.arch, weights=None).eval()
        torch.save(model.state_dict(), folder / "m.pth")
        meta = ["pre.mean=0.485,0.456,0.406", "pre.std=0.229,0.224,0.225", "pre.resize=256", "pre.size=224"]
        words = [word for setting in meta for word in ("--meta", setting)]
        subprocess.run([options.program, "convert", folder / "m.pth", "-o", folder / "m.swt", "--quiet", *words], check=True)
        example = torch.zeros(32, 3, 224, 224).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            net = torch.jit.freeze(torch.jit.trace(model.to(memory_format=torch.channels_last), example))
            net(example), net(example)
        ours, theirs = [], []
        for round_ in range(options.rounds + 1):
            run = subprocess.run(
                [options.program, "evaluate", folder / "m.swt", folder / "photos", "--json", "--quiet"],
                capture_output=True, text=True, check=True)
            report = json.loads(run.stdout)
            seconds, right = loaded(net, folder / "photos", cores)
            assert round(report["top1"] * report["pictures"]) == right, (report["top1"], right)
            if round_ == 0:
                continue  # warms caches
            ours.append(report["pictures_per_second"])
            theirs.append(options.pictures / seconds)
            print(f"round {round_}: pth2swt {ours[-1]:.1f}/s, torchvision and PyTorch {theirs[-1]:.1f}/s", flush=True)
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"{options.arch}, {cores} cores, {options.pictures} pictures: {ratio:.2f} x "
              f"(torch {torch.__version__}, torchvision {torchvision.__version__})")


if __name__ == "__main__":
    main()
