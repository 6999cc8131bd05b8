#!/usr/bin/env python3
"""Packs a wheel: the program, the library and the Python package.

    Tools/release/wheel.py FOLDER DESTINATION

FOLDER has pth2swt and libpth2swt_pth.so. The wheel needs no particular Python; its tag names the oldest glibc
that has every symbol the two refer to. A library other than glibc's is an error.
Source: the binary distribution format of packaging.python.org, and PEP 600 for the tag.
"""

import base64
import hashlib
import os
import pathlib
import platform
import re
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Libraries of glibc, and its loader.
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1"}
DEPENDENCY = re.compile(r"\(NEEDED\).*\[(.*)\]")
SYMBOL = re.compile(r"\bGLIBC_(\d+)\.(\d+)")


def inspect(path):
    """The libraries that a file needs, and the newest glibc whose symbols it refers to."""
    dynamic = subprocess.run(["readelf", "-dW", path], check=True, capture_output=True, text=True).stdout
    versions = subprocess.run(["readelf", "-VW", path], check=True, capture_output=True, text=True).stdout
    return set(DEPENDENCY.findall(dynamic)), max((int(a), int(b)) for a, b in SYMBOL.findall(versions))


def main():
    folder, destination = map(pathlib.Path, sys.argv[1:])
    program, library = folder / "pth2swt", folder / "libpth2swt_pth.so"
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    glibc = (2, 17)
    for file in (program, library):
        needed, newest = inspect(file)
        foreign = {name for name in needed - GLIBC if not name.startswith("ld-linux")}
        if foreign:
            sys.exit(f"wheel: {file.name} needs {', '.join(sorted(foreign))}; only glibc is allowed")
        glibc = max(glibc, newest)
    tag = f"py3-none-manylinux_{glibc[0]}_{glibc[1]}_{platform.machine()}"
    info = f"pth2swt-{version}.dist-info"
    files = [
        (f"pth2swt/{path.name}", path.read_bytes(), 0o644)
        for path in sorted((ROOT / "Readers/python/pth2swt").iterdir())
        if path.suffix == ".py" or path.name == "py.typed"
    ]
    files += [
        ("pth2swt/_version.py", f'__version__ = "{version}"\n'.encode(), 0o644),
        ("pth2swt/libpth2swt_pth.so", library.read_bytes(), 0o755),
        (f"pth2swt-{version}.data/scripts/pth2swt", program.read_bytes(), 0o755),
        (f"{info}/METADATA", metadata(version), 0o644),
        (f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: pth2swt\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
         0o644),
        (f"{info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
    ]
    files += [(f"{info}/licenses/{name}", text, 0o644) for name, text in notices()]
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, data, _ in files)
    files.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), 0o644))

    for old in destination.glob("pth2swt-*.whl"):
        old.unlink()
    path = destination / f"pth2swt-{version}-{tag}.whl"
    moment = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), 315532800))[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data, mode in files:
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def metadata(version):
    """The core metadata; the description is the package's docstring."""
    text = (ROOT / "Readers/python/pth2swt/__init__.py").read_text()
    description = text.split('"""')[1].strip()
    return f"""Metadata-Version: 2.4
Name: pth2swt
Version: {version}
Summary: Reads PyTorch checkpoints without PyTorch, and converts and verifies ResNet and ResNeXt models
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.8
Provides-Extra: numpy
Requires-Dist: numpy; extra == "numpy"
Requires-Dist: ml_dtypes; extra == "numpy"
Description-Content-Type: text/plain

{description}
""".encode()


def notices():
    """The licenses of what is linked in, where the system keeps them."""
    packages = {"libssl-dev": "OpenSSL", "zlib1g-dev": "zlib", "libstdc++6": "libstdc++", "libjpeg-dev": "libjpeg",
                "libpng-dev": "libpng"}
    for package, name in packages.items():
        path = pathlib.Path("/usr/share/doc") / package / "copyright"
        if path.exists():
            yield f"{name}.txt", path.read_bytes()
    swift = pathlib.Path(subprocess.run(
        ["sh", "-c", 'realpath "$(command -v swift)"'], check=True, capture_output=True, text=True).stdout.strip())
    path = swift.parents[1] / "share/swift/LICENSE.txt"
    if path.exists():
        yield "Swift.txt", path.read_bytes()


main()
