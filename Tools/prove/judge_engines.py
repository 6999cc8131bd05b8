#!/usr/bin/env python3
"""Engines at full size: what judge says of resnext50_32x4d at 224x224 in each, with layers and with logits alone.

    python3 Tools/prove/judge_engines.py [--others VENV/bin/python] [--pth2swt PATH] [--longest SECONDS] [--write]

Runs the scripts of Examples/engines: those that need torch with this Python (torch, torchvision, onnx, onnxruntime,
openvino as in Tools/fixtures/requirements.txt), the others with that of --others (see engines.py). An engine that is
not there is said and skipped. --write puts the table into the page Judge.md.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

import judge_faults as faults

# Engine, its script and settings with the classes that are right, and the ids of causes that are; None: no cause.
BF16 = ["bf16-operands", "bf16-stored"]
F16 = ["f16-operands", "f16-stored"]
ENGINES = [
    ("ONNX Runtime", "onnxruntime", [("", ["fp32"], None)]),
    ("OpenVINO", "openvino", [("f32", ["fp32"], None), ("bf16", ["bf16"], BF16)]),
    ("PyTorch", "torch", [("", ["fp32"], None), ("compile", ["fp32"], None), ("autocast", ["bf16"], BF16),
                          ("bfloat16", ["bf16"], BF16), ("half", ["f16"], F16)]),
    ("JAX", "jax", [("", ["fp32"], None), ("bf16", ["bf16"], BF16), ("f16", ["f16"], F16),
                    ("same", ["wrong"], ["same-padding"])]),
    ("MLX", "mlx", [("", ["fp32"], None), ("bf16", ["bf16"], BF16), ("f16", ["f16"], F16)]),
    ("tinygrad", "tinygrad", [("", ["fp32"], None), ("bf16", ["bf16"], BF16), ("f16", ["f16"], F16)]),
    ("ncnn", "ncnn", [("f32", ["fp32"], None), ("", ["f16"], ["f16-weights"])]),
    ("IREE", "iree", [("", ["fp32"], None)]),
]
WITH_TORCH = {"onnxruntime", "openvino", "torch"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", default=sys.executable)
    parser.add_argument("--pth2swt", default=faults.ROOT / ".build/release/pth2swt")
    parser.add_argument("--longest", type=int, default=240, help="seconds that an engine may take")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    tool, lines, times, classes, causes, accused = str(options.pth2swt), [], [], [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        _, model, golden = faults.prepared(tool, folder, 224)
        subprocess.run([tool, "golden", "export", golden, "-o", folder / "golden", "--quiet"], check=True)
        for name, script, settings in ENGINES:
            for setting, right, rightly in settings:
                python = sys.executable if script in WITH_TORCH else options.others
                words = [python, faults.ROOT / f"Examples/engines/run_{script}.py", model,
                         folder / "golden/input.npy", folder / "layers.npz"] + [setting] * bool(setting)
                try:
                    run = subprocess.run(words, capture_output=True, text=True, timeout=options.longest)
                except subprocess.TimeoutExpired:
                    print(f"{name} {setting}: not run in {options.longest} s")
                    continue
                if run.returncode:
                    print(f"{name} {setting}: not run: {(run.stderr.splitlines() or ['?'])[-1][:100]}")
                    continue
                np.save(folder / "logits.npy", np.load(folder / "layers.npz")["logits"])
                for how, path in (("layers", "layers.npz"), ("logits", "logits.npy")):
                    _, report, seconds = faults.judge(tool, model, golden, folder / path)
                    found, cause = report["class"], report["goldens"][0]["cause"] or {}
                    also = report.get("class_also") or []
                    basis = " by size" if report["class_basis"] == "size" else ""
                    classes.append(found in right or found == "bit-exact" and "fp32" in right)
                    if rightly and how == "layers":
                        causes.append(cause.get("id") in rightly)
                    accused += report["model_agrees"] is not True or cause.get("side") == "model"
                    times.append(seconds)
                    lines.append(f"| {name} | {setting or 'default'} | {how} | {report['verdict']} | "
                                 f"{' or '.join([found] + also)}{basis} | {cause.get('id', '-')} | {seconds:.1f} |")
                    print(lines[-1], flush=True)
    summary = (f"{sum(classes)} of {len(classes)} classes are right, and {sum(causes)} of {len(causes)} causes with "
               f"layers; {accused} accuse the model. Median {statistics.median(times):.1f} s, longest "
               f"{max(times):.1f} s.")
    print(summary)
    if options.write:
        faults.write("ENGINES", ["| engine | setting | outputs | verdict | class | cause | seconds |",
                                 "|---|---|---|---|---|---|---|"] + lines + ["", summary])


if __name__ == "__main__":
    main()
