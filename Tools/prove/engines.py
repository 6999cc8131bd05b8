#!/usr/bin/env python3
"""Runs the engines of Examples/engines on a golden and keeps what they computed, for the judge's tests.

    python3 Tools/prove/engines.py [--python VENV/bin/python] [--pth2swt PATH] [--write]

Without --write it prints what judge says; with it, outputs and versions go to Fixtures/engines. Needs an
environment with numpy, jax, mlx[cpu], tinygrad, ncnn, iree-base-compiler and iree-base-runtime, without
torch; an engine that is not there is skipped. The verdicts that are expected are in the judge's tests.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Fixtures/engines"
# Engine, its modules, settings, and the size of the input: IREE's compiler (3.13) refuses the smaller one's
# grouped convolution with one pixel of output.
ENGINES = [("jax", ["jax"], ["", "bf16", "f16", "same"], 24), ("mlx", ["mlx"], ["", "f16", "bf16"], 24),
           ("tinygrad", ["tinygrad"], ["", "f16", "bf16"], 24), ("ncnn", ["ncnn"], ["", "f32"], 24),
           ("iree", ["iree-base-compiler", "iree-base-runtime", "jax"], [""], 40)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--pth2swt", default=ROOT / ".build/release/pth2swt")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    tool, records, versions = str(options.pth2swt), [], {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model = folder / "model.swt"
        checkpoint = ROOT / "Fixtures/checkpoints/resnext_small.pth"
        subprocess.run([tool, "convert", checkpoint, "-o", model, "--quiet"], check=True)
        for engine, packages, settings, size in ENGINES:
            golden = FIXTURES / f"formula-{size}x{size}-0.golden.safetensors"
            image = folder / str(size)
            if not image.exists():
                subprocess.run([tool, "golden", "export", golden, "-o", image, "--quiet"], check=True)
            for setting in settings:
                name = f"{engine}-{setting}" if setting else engine
                script, outputs = ROOT / f"Examples/engines/run_{engine}.py", folder / f"{name}.npz"
                words = [options.python, script, model, image / "input.npy", outputs]
                words += [setting] * bool(setting)
                run = subprocess.run(words, capture_output=True, text=True)
                if run.returncode:
                    print(f"{name}: not run: {(run.stderr.splitlines() or ['?'])[-1][:100]}")
                    continue
                words = [tool, "judge", model, golden, "--outputs", outputs, "--engine", engine, "--json"]
                judged = subprocess.run(words, capture_output=True, text=True)
                report = json.loads(judged.stdout)
                cause = report["goldens"][0]["cause"] or {}
                print(f"{name}: {report['verdict']}, {report['class']}, {cause.get('text', '-')}")
                records.append({"name": name, "setting": setting or "default", "size": size})
                code = f"import importlib.metadata as m; print(' '.join(m.version(p) for p in {packages!r}))"
                found = subprocess.run([options.python, "-c", code], capture_output=True, text=True)
                versions.update(zip(packages, found.stdout.split()))
                if options.write:
                    code = ("import sys, numpy as n; a = n.load(sys.argv[1]); "
                            "n.savez_compressed(sys.argv[2], **{k: a[k] for k in a.files})")
                    kept = FIXTURES / f"{name}.npz"
                    subprocess.run([options.python, "-c", code, outputs, kept], check=True)
    if options.write:
        text = json.dumps({"versions": versions, "outputs": records}, indent=1)
        (FIXTURES / "engines.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
