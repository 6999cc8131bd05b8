#!/usr/bin/env python3
"""Real pictures: `run` and `evaluate` see the pixels that Pillow and torchvision make of them, bit for bit.

    pip install --no-deps scikit-image scikit-learn matplotlib    # packages that ship photos: 30 pictures, 6 MB
    Tools/prove/pictures.py .build/release/pth2swt FOLDER…        needs torch, torchvision, Pillow, NumPy

Every JPEG and PNG file under the folders is prepared by torchvision's ImageClassification preset and given to `run` as
an array; the logits must be those of `run` on the picture itself, to the last bit. A picture that Pillow cannot read
must be refused, and one that `run` refuses is listed with the reason. All others make a list for `evaluate`, with
the label of PyTorch's pixels as class: its top-1 must be 1, and every refused picture must be `unreadable`.
`Tests/images` of Pillow's sources has 150 rare and broken ones.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
import torch_compat  # noqa: E402

torchvision, _declarations = torch_compat.import_torchvision()
import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision.transforms._presets import ImageClassification  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
NORMALIZATION = ["--meta", "pre.mean=0.485,0.456,0.406", "--meta", "pre.std=0.229,0.224,0.225",
                 "--meta", "pre.resize=64", "--meta", "pre.size=56"]
# What run refuses and Pillow reads, with the reason; see Documentation/Pictures.md.
REFUSED = ("16-bit gray", "truncated", "damaged", "scans", "not a JPEG", "neither a JPEG nor a PNG", "pixels")


def run(program, *words):
    done = subprocess.run([program, "run", *words], capture_output=True, text=True)
    return done.returncode, done.stderr.strip()


def pixels(path):
    """The prepared picture, and its mode and format; None for what Pillow cannot read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as picture:
                kind = f"{picture.format} {picture.mode}"
                rgb = picture.convert("RGB")
            return ImageClassification(crop_size=56, resize_size=64, antialias=True)(rgb)[None].numpy(), kind
        except Exception as error:  # whatever Pillow raises is its refusal
            return None, f"Pillow: {error}"


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    files = sorted(file for folder in sys.argv[2:] for file in pathlib.Path(folder).rglob("*")
                   if file.suffix.lower() in (".jpg", ".jpeg", ".png") and file.is_file())
    counts, wrong, listed, refused, kinds = {}, [], [], [], {}
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: f"{folder}/{name}"  # noqa: E731
        subprocess.run([program, "convert", ROOT / "Fixtures/checkpoints/resnext_small.pth", "-o", at("model.swt"),
                        "--quiet", *NORMALIZATION], check=True)
        for file in files:
            expected, kind = pixels(file)
            status, message = run(program, at("model.swt"), str(file), "-o", at("own.npy"), "--force", "--quiet")
            kinds[kind] = kinds.get(kind, 0) + (expected is not None)
            if status:
                refused.append(file)
                outcome = "refused by both" if expected is None else "refused"
                if status != 5 or expected is not None and not any(word in message for word in REFUSED):
                    wrong.append(f"{file}: exit {status}: {message}")
                print(f"{outcome}: {message.split(': ', 1)[-1]}  ({kind})")
            elif expected is None:
                outcome = "read, but not by Pillow"
                listed.append((file, np.load(at("own.npy"))[0].argmax()))
                print(f"{outcome}: {file}  ({kind})")
            else:
                np.save(at("input.npy"), expected)
                status, message = run(program, at("model.swt"), at("input.npy"), "-o", at("theirs.npy"), "--force", "--quiet")
                theirs = np.load(at("theirs.npy")) if status == 0 else None
                same = theirs is not None and np.load(at("own.npy")).tobytes() == theirs.tobytes()
                outcome = "equal" if same else "DIFFERENT"
                listed.append((file, theirs[0].argmax() if theirs is not None else -1))
                if not same:
                    wrong.append(f"{file}: other logits than those of Pillow's pixels  ({kind})")
            counts[outcome] = counts.get(outcome, 0) + 1
        lines = [f"{file.resolve()}\t{label}" for file, label in listed]
        lines += [f"{file.resolve()}\t0" for file in refused]
        pathlib.Path(at("list.tsv")).write_text("".join(line + "\n" for line in lines))
        done = subprocess.run([program, "evaluate", at("model.swt"), at("list.tsv"), "--json"], capture_output=True,
                              text=True)
        report = json.loads(done.stdout)
        if done.returncode or report["top1"] != 1 or report["pictures"] != len(listed):
            wrong.append(f"evaluate: exit {done.returncode}, top1 {report['top1']} of {report['pictures']} pictures")
        if len(report["unreadable"]) != len(refused):
            wrong.append(f"evaluate: {len(report['unreadable'])} unreadable, not {len(refused)}")
    print(", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds) if kinds[kind]))
    print(f"{len(files)} files:", ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    print(f"evaluate: top-1 {report['top1']} of {report['pictures']}, {len(report['unreadable'])} unreadable")
    for text in wrong:
        print("WRONG", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
