"""The rarer forms of checkpoints for Fixtures/forms; make_form_fixtures.py runs them.

The same rules hold: what PyTorch reads back from a file is the truth about it.
"""

import argparse
import collections
import contextlib
import dataclasses
import datetime
import decimal
import enum
import functools
import gzip
import io
import pathlib
import pickle
import re
import struct
import tempfile
import types
import uuid
import zipfile
import zlib

import make_form_fixtures as base
import numpy as np
import safetensors.torch
import torch
import torch_zip
from make_form_fixtures import record, saved, state_dict, walk
from torch import nn


def generator(name):
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def fill(module, name):
    """Seeded values for every tensor of a module."""
    source = generator(name)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.uniform_(0.1, 1, generator=source)
    return module


# ---------------------------------------------------------------------------------------------
# Tensors
# ---------------------------------------------------------------------------------------------


class Tagged(torch.Tensor):
    """A subclass with values of its own."""


class Scale(nn.Parameter):
    """A subclass of Parameter."""


def tensors(forms):
    x = torch.arange(-12.0, 12).view(2, 3, 4)
    scales, zeros = torch.tensor([0.5, 0.25, 0.125]), torch.tensor([0, 1, 2])
    quantized = torch.quantize_per_tensor(x, 0.5, 1, torch.qint8)
    image = torch.quantize_per_tensor(x.view(1, 2, 3, 4), 0.25, 64, torch.quint8)
    forms.save("quantized_views.pt", {
        "transposed": quantized.transpose(0, 2), "slice": quantized[1:, ::2],
        "channels_last": image.contiguous(memory_format=torch.channels_last),
        "axis1": torch.quantize_per_channel(x, scales.double(), zeros, 1, torch.qint8),
        "qint32_axis1": torch.quantize_per_channel(x, scales.double(), zeros, 1, torch.qint32),
        "empty": torch.quantize_per_tensor(torch.empty(0, 3), 0.1, 0, torch.quint8),
        "scalar": torch.quantize_per_tensor(torch.tensor(1.5), 0.5, 0, torch.qint8),
    }, "quantized tensors that are views, of rank 0 and empty, and per channel of axis 1")  # fmt: skip
    dense = torch.tensor([[0.0, 1, 0], [2, 0, 3]])
    indices = torch.tensor([[0, 1], [2, 0]])
    forms.save("sparse_more.pt", {
        "int32": torch.sparse_csr_tensor(
            torch.tensor([0, 1, 3], dtype=torch.int32), torch.tensor([1, 0, 2], dtype=torch.int32),
            torch.tensor([1.0, 2, 3]), (2, 3)),
        "batched": torch.stack([dense, dense * 2]).to_sparse_csr(),
        "nothing": torch.sparse_coo_tensor(torch.empty(2, 0, dtype=torch.int64), torch.empty(0), (3, 4)),
        "hybrid_csr": torch.sparse_csr_tensor([0, 1, 2], [0, 1], torch.arange(6.0).view(2, 3), (2, 2, 3)),
        "complex": torch.sparse_coo_tensor(indices, torch.tensor([1 + 2j, 3j]), (2, 3)),
        "half": torch.sparse_coo_tensor(indices, torch.tensor([1.0, 2]).half(), (2, 3)).coalesce(),
        "bool": torch.sparse_coo_tensor(indices, torch.tensor([True, False]), (2, 3)),
        "parameter": nn.Parameter(dense.to_sparse_csr()),
    }, "sparse tensors: 32-bit indices, batches, no values, a parameter")  # fmt: skip
    tagged = torch.arange(6.0).view(2, 3).t().as_subclass(Tagged)
    tagged.note = "kept"
    plain = {"tagged": tagged, "scale": Scale(torch.arange(3.0)), "tagged_parameter": nn.Parameter(tagged),
             "uninitialized": nn.UninitializedParameter(), "buffer": nn.UninitializedBuffer(), "t": torch.ones(1)}
    data = saved(plain, "subclasses")
    again = torch.load(io.BytesIO(data), weights_only=False)
    assert type(again["tagged"]) is Tagged  # but a subclass of Parameter comes back as a Parameter
    rows = [record((key,), again[key].as_subclass(torch.Tensor)) for key in ("tagged", "scale", "tagged_parameter", "t")]
    forms.add("subclasses.pt", data, "zip", rows, "subclasses of Tensor and of Parameter, uninitialized ones")
    with torch.serialization.skip_data():
        data = saved(state_dict(), "skip_data")
    forms.add("skip_data.pt", data, "zip", walk(torch.load(io.BytesIO(data))),
              "saved within skip_data(): records of zeros, without CRC-32")
    whole = torch.arange(480, dtype=torch.int16)
    parts = {f"part{i}": whole[4 * i : 4 * i + 3] for i in range(120)}
    forms.save("many_views.pt", {"parts": parts, "again": parts}, "120 views of one storage, twice: memo indices beyond a byte")
    cycle = {"t": torch.arange(2.0), "list": [torch.ones(1)]}
    cycle["self"], cycle["twice"] = cycle, cycle["list"]
    cycle["list"].append(cycle["list"])
    data = saved(cycle, "cycle")
    again = torch.load(io.BytesIO(data), weights_only=False)
    assert again["self"] is again and again["list"][1] is again["list"]
    rows = [record(("t",), again["t"]), record(("list", 0), again["list"][0]), record(("twice", 0), again["list"][0])]
    forms.add("cycle.pt", data, "zip", rows, "a dict and a list that hold themselves")


# ---------------------------------------------------------------------------------------------
# What is around the tensors
# ---------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Settings:
    scale: torch.Tensor
    depth: int = 3


class Slots:
    __slots__ = ("tensor", "name")


class Attributes(dict):
    """As Lightning's AttributeDict: items, and attributes beside them."""


class Level(enum.IntEnum):
    LOW = 1


class Cell(list):
    pass


def surroundings(forms):
    t = torch.arange(2.0)
    slots = Slots()
    slots.tensor, slots.name = t + 1, "slots"
    attributes = Attributes(lr=t + 2, deep={"x": t + 3})
    attributes.extra = t + 4
    cell = Cell([t + 5, "text"])
    ordered = collections.OrderedDict(a=t + 6)
    ordered._metadata = {"": {"version": 2}, "held": t}
    data = saved({
        "settings": Settings(t), "slots": slots, "attributes": attributes, "cell": cell, "ordered": ordered,
        "namespace": argparse.Namespace(weight=t + 7, names=["a"]), "simple": types.SimpleNamespace(mean=t + 8),
        "inert": [uuid.UUID(int=5), decimal.Decimal("1.5"), datetime.datetime(2026, 1, 2, 3, 4), Level.LOW,
                  pathlib.PureWindowsPath("c:/x"), bytearray(b"ab"), b"bytes", Ellipsis, NotImplemented, int, nn.Linear,
                  nn.functional.relu, torch.strided, torch.finfo,
                  functools.partial(nn.Linear, 2, bias=False), "x" * 300, -(2**63), 2**2000, float("nan"), 1e-310],
        "mapping": collections.ChainMap({"a": t + 9}), "user": collections.UserDict(a=t + 10),
    }, "objects")  # fmt: skip
    again = torch.load(io.BytesIO(data), weights_only=False)
    found = [
        (("settings", "scale"), again["settings"].scale), (("slots", "tensor"), again["slots"].tensor),
        (("attributes", "lr"), again["attributes"]["lr"]), (("attributes", "deep", "x"), again["attributes"]["deep"]["x"]),
        (("attributes", "extra"), again["attributes"].extra), (("cell", 0), again["cell"][0]),
        (("ordered", "a"), again["ordered"]["a"]), (("namespace", "weight"), again["namespace"].weight),
        (("simple", "mean"), again["simple"].mean), (("mapping", "maps", 0, "a"), again["mapping"].maps[0]["a"]),
        (("user", "data", "a"), again["user"].data["a"]),
    ]  # fmt: skip
    forms.add("objects.pt", data, "zip", [record(path, tensor) for path, tensor in found],
              "tensors in objects of unknown classes: attributes, slots, items; values that hold none")
    torch.manual_seed(7)
    randomness = np.random.RandomState(7)
    forms.save("random_states.pt", {"torch": torch.get_rng_state()[:64].clone(), "numpy": randomness.get_state()},
               "the states of random number generators: a tuple around a numpy array")
    keys = [1e16, 1e15, 1e-5, 0.1, -0.0, float("inf"), 2**100, -5, "é", "\U0001f525",
            (), (1,), ("a", (2, None)), b"\xff\x00'"]
    forms.save("keys_more.pt", {key: t + i for i, key in enumerate(keys)},
               "keys as Python prints them: floats, tuples, bytes, text of every kind")
    records = np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")])
    held = np.empty(2, dtype=object)
    held[0], held[1] = 1, "text"
    value = {
        "strided": np.arange(12.0).reshape(3, 4)[::2, ::-1], "broadcast": np.broadcast_to(np.float32(2), (2, 2)),
        "uint16": np.arange(3, dtype=">u2"), "wide": np.arange(3, dtype=np.uint64), "matrix": np.matrix([[1.0, 2]]),
    }
    for protocol in (0, 2, 4):
        data = pickle.dumps(value, protocol)
        forms.add(f"numpy_more_protocol{protocol}.pkl", data, "pickle", walk(pickle.loads(data)),
                  f"numpy arrays that were views, big-endian ones, a matrix; protocol {protocol}")
    value = {"kept": np.arange(3, dtype=np.int8), "records": records, "names": np.array(["ab", "c"]), "bytes": np.array([b"ab"]),
             "when": np.array(["2026-01-02"], dtype="M8[D]"), "objects": held, "scalar": np.float32(1), "type": np.dtype("f4")}
    data = saved(value, "numpy_others")
    again = torch.load(io.BytesIO(data), weights_only=False)
    rows = [*walk({"kept": again["kept"]})]
    forms.add("numpy_others.pt", data, "zip", rows, "numpy arrays that are no tensors: records, text, dates, objects")


# ---------------------------------------------------------------------------------------------
# Modules saved whole
# ---------------------------------------------------------------------------------------------


class Tied(nn.Module):
    """Shared weights and submodules, lists, dicts, None, and what state_dict() leaves out."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.second = nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight
        self.again = self.first
        self.items = nn.ParameterList([torch.ones(1), torch.zeros(2)])
        self.named = nn.ParameterDict({"a": torch.ones(3)})
        self.rnn = nn.LSTM(2, 2)
        self.register_parameter("absent", None)
        self.register_buffer("nothing", None)
        self.register_buffer("scratch", torch.ones(2), persistent=False)
        self.register_buffer("kept", torch.arange(3))
        self.plain = torch.arange(4.0)


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 3)
        self.register_buffer("offset", torch.ones(3))

    def forward(self, x):
        return self.inner(x) + self.offset


def module_rows(module, path=()):
    """By state_dict(); tensors of lists of parameters stand where nn.ParameterList keeps them."""
    return list(base.walk_module(module, path))


@contextlib.contextmanager
def short_sources():
    """Legacy files keep the source of each module's class, with its path on this machine: a stand-in for both."""
    original = torch.serialization.get_source_lines_and_file
    torch.serialization.get_source_lines_and_file = lambda obj, message=None: (
        [f"class {obj.__name__}(nn.Module):\n", "    pass\n"], 1, f"{obj.__module__.replace('.', '/')}.py")
    try:
        yield
    finally:
        torch.serialization.get_source_lines_and_file = original


def modules(forms):
    tied = fill(Tied(), "tied")
    data = saved(tied, "module_tied")
    forms.add("module_tied.pt", data, "zip", module_rows(torch.load(io.BytesIO(data), weights_only=False)),
              "a module with tied weights, lists, None, a non-persistent buffer, an LSTM")
    value = {"epoch": 2, "nets": [tied, fill(nn.DataParallel(nn.Linear(2, 2)), "parallel")], "t": torch.ones(2)}
    data = saved(value, "modules_inside")
    again = torch.load(io.BytesIO(data), weights_only=False)
    rows = module_rows(again["nets"][0], ("nets", 0)) + module_rows(again["nets"][1], ("nets", 1))
    forms.add("modules_inside.pt", data, "zip", rows + [record(("t",), again["t"])], "modules in a list in a dict")
    with short_sources():
        data = saved(fill(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), "legacy"), "module_legacy", legacy=True)
    forms.add("module_legacy.pt", data, "legacy", module_rows(torch.load(io.BytesIO(data), weights_only=False)),
              "a module in the legacy stream, with the sources of its classes")
    graph = torch.fx.symbolic_trace(fill(Gate(), "graph"))
    data = saved(graph, "module_fx")
    again = torch.load(io.BytesIO(data), weights_only=False)
    rows = [dict(row, path=["0", *row["path"]]) for row in module_rows(again)]
    forms.add("module_fx.pt", data, "zip", rows, "a torch.fx graph module: a call whose first argument is the module's dict")


# ---------------------------------------------------------------------------------------------
# Legacy streams and zip archives in detail
# ---------------------------------------------------------------------------------------------


def details(forms):
    dense, x = torch.tensor([[0.0, 1], [2, 0]]), torch.arange(6.0).view(2, 3)
    wave = torch.tensor([1 + 2j, 3 - 4j])
    forms.save("values_legacy.pt", {
        "coo": dense.to_sparse(), "csr": dense.to_sparse_csr(), "quantized": torch.quantize_per_tensor(x, 0.1, 3, torch.qint8),
        "per_channel": torch.quantize_per_channel(x, torch.tensor([0.5, 0.25]).double(), torch.tensor([0, 1]), 0, torch.quint8),
        "conj": wave.conj(), "neg": wave.clone().conj().imag, "parameter": nn.Parameter(x), "array": np.arange(3), "half": x.half().t(),
        "complex128": wave.to(torch.complex128), "bool": x > 2, "empty": torch.empty(0, 2), "scalar": torch.tensor(5, dtype=torch.int16),
    }, "sparse, quantized, conjugate and numpy values in the legacy stream", container="legacy", legacy=True)  # fmt: skip
    tag = torch.serialization.location_tag
    torch.serialization.location_tag = lambda storage: "cuda:7"
    try:
        for name, legacy in (("cuda_zip.pt", False), ("cuda_legacy.pt", True)):
            data = saved(state_dict(), "cuda", legacy=legacy)
            forms.add(name, data, "legacy" if legacy else "zip", walk(torch.load(io.BytesIO(data), map_location="cpu")),
                      "saved from another device: the location is a label")
    finally:
        torch.serialization.location_tag = tag
    ends = torch.frombuffer(bytearray(b"PK\5\6" + bytes(18) + b"PK\1\2PK\3\4"), dtype=torch.uint8).clone()
    data = saved({"ends": ends, "w": torch.arange(3.0)}, "legacy_zip_marks", legacy=True)
    flag = data.index(b"\x88", data.index(b"little_endian"))
    data = data[:flag] + b"\x89" + data[flag + 1 :] + b"trailing junk"
    stream = io.BytesIO(data)
    assert [pickle.load(stream) for _ in range(3)][2]["little_endian"] is False
    forms.add("legacy_zip_marks.pt", data, "legacy", walk(torch.load(io.BytesIO(data))),
              "tensor bytes that look like a zip archive's end, junk behind, and a flag for big-endian that nobody heeds")
    state = state_dict()
    plain = saved(state, "state")
    rows = list(walk(torch.load(io.BytesIO(plain))))
    kept = {name.split("/", 1)[1]: entry for name, *entry in torch_zip.records(plain)}
    order = ["version", "data.pkl"] + sorted(name for name in kept if name.startswith("data/"))
    data = torch_zip.write([(f"archive/{name}", *kept[name]) for name in order])
    forms.add("zip_1_6.pt", data, "zip", walk(torch.load(io.BytesIO(data))), "the records that PyTorch 1.6 wrote, in its order")
    data = saved(state, "état-🔥")
    forms.add("unicode_folder.pt", data, "zip", walk(torch.load(io.BytesIO(data))), "an archive folder with other than ASCII letters")
    forms.add("big_endian_dtypes.pt", *big_endian(), "every width in a big-endian archive, in views")
    streamed = io.BytesIO()
    with zipfile.ZipFile(Unseekable(streamed), "w", zipfile.ZIP_DEFLATED) as target:
        for name, _, _, content, _ in torch_zip.records(plain):
            target.writestr(zipfile.ZipInfo(name), content, compress_type=zipfile.ZIP_DEFLATED)
    wide = io.BytesIO()
    with zipfile.ZipFile(wide, "w") as target:
        for name, _, _, content, _ in torch_zip.records(plain):
            with target.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(content)
    dressed = io.BytesIO()
    with zipfile.ZipFile(dressed, "w") as target:
        for name, _, _, content, _ in torch_zip.records(plain):
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.external_attr, info.comment = 0o100644 << 16, b"comment"
            info.extra = b"UT\5\0\3\1\2\3\4" + b"ux\x0b\0\1\4\0\0\0\0\4\0\0\0\0"
            target.writestr(info, content)
    for name, out in (("streamed", streamed), ("zip64", wide), ("dressed", dressed)):
        data = out.getvalue()
        assert list(walk(torch.load(io.BytesIO(data)))) == rows
        forms.add(f"rezip_{name}.pt", data, "zip", rows, {
            "streamed": "packed by a program that cannot seek: deflate, sizes behind the data",
            "zip64": "packed with zip64 fields for small records",
            "dressed": "packed with times, modes, extra fields and comments",
        }[name])  # fmt: skip
    named = io.BytesIO()
    with gzip.GzipFile("state.pt", "wb", mtime=1767225600, fileobj=named) as out:
        out.write(plain)
    full = b"\x1f\x8b\x08\x1e" + bytes(4) + b"\2\3" + struct.pack("<H", 3) + b"abc" + b"name\0comment\0"
    full += struct.pack("<H", zlib.crc32(full) & 0xFFFF)
    full += zlib.compress(plain, wbits=-15) + struct.pack("<2I", zlib.crc32(plain), len(plain))
    assert gzip.decompress(full) == plain
    for name, data, container in (("named.pt.gz", named.getvalue(), "zip"), ("full_header.pt.gz", full, "zip")):
        forms.add(name, data, container, rows, "gzip with a file name" if name == "named.pt.gz" else "gzip with every header field")
    for name in ("tar.pth", "scripted.pt"):
        truth = forms.truth[name]
        forms.add(f"{name}.gz", gzip.compress((forms.folder / name).read_bytes(), mtime=0), truth["container"], truth["tensors"],
                  "gzip around " + truth["about"])


class Unseekable(io.RawIOBase):
    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def write(self, data):
        return self.out.write(data)


def big_endian():
    """As a big-endian machine would write it: every storage with its elements reversed.

    Not of the dtypes that have no typed storage (uint16 and wider, complex32): PyTorch saves those as
    untyped storages, and when it loads them it swaps nothing.
    """
    wave = torch.arange(6.0).view(2, 3)
    value = {
        "float64": wave.double().t(), "float32": wave[:, 1:], "float16": wave.half(), "bfloat16": wave.bfloat16().t(),
        "complex64": torch.complex(wave, -wave).t(), "complex128": torch.complex(wave.double(), -wave.double()),
        "conj": torch.complex(wave, wave + 1).conj(), "int64": torch.arange(-3, 3), "int32": torch.arange(3, dtype=torch.int32),
        "int16": torch.arange(3, dtype=torch.int16), "int8": torch.arange(-3, 3, dtype=torch.int8), "bool": torch.tensor([True, False]),
        "float8": wave.to(torch.float8_e4m3fn),
        "parameter": nn.Parameter(wave.clone()),
    }  # fmt: skip
    little = saved(value, "big_endian_dtypes")
    widths = {}  # of storages in the order in which they are saved
    for tensor in value.values():
        size = tensor.element_size() // (2 if tensor.is_complex() else 1)
        widths.setdefault(tensor.untyped_storage().data_ptr(), size)
    swapped = {f"data/{key}": size for key, size in enumerate(widths.values())}
    entries = []
    for name, method, crc, content, length in torch_zip.records(little):
        inner = name.split("/", 1)[1]
        if inner == "byteorder":
            content = b"big"
        elif inner in swapped:
            content = np.frombuffer(content, dtype=f"u{swapped[inner]}").byteswap().tobytes()
        entries.append(torch_zip.stored(name, content))
    data = torch_zip.write(entries)
    found = list(walk(torch.load(io.BytesIO(data), weights_only=False)))
    assert found == list(walk(value))
    return data, "zip", found


# ---------------------------------------------------------------------------------------------
# TorchScript, torch.export, torch.package, safetensors
# ---------------------------------------------------------------------------------------------


class Held(nn.Module):
    """Tensors in attributes of every kind that TorchScript knows."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(4.0))
        self.tied = self.weight
        self.listed: list[torch.Tensor] = [torch.ones(2), torch.zeros(3)]
        self.named: dict[str, torch.Tensor] = {"a": torch.arange(2), "b": torch.arange(3)}
        self.pair: tuple[torch.Tensor, int] = (torch.tensor([5.0]), 3)
        self.plain = torch.arange(5.0)
        self.register_buffer("scratch", torch.tensor([1.5, 2.5]), persistent=False)
        self.register_buffer("view", torch.arange(12.0).view(3, 4)[:, 1:3])

    def forward(self, x):
        return x + self.weight + self.tied + self.listed[0][0] + self.named["a"][0] + self.pair[0] + self.plain[0] + self.scratch[0]


def programs(forms):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        scripted = torch.jit.script(fill(Held(), "held").eval())
        scripted.save(folder / "script_attributes.pt")
        data = torch_zip.without_sources((folder / "script_attributes.pt").read_bytes())
        again = torch.jit.load(io.BytesIO(data))
        rows = [record(name.split("."), tensor) for name, tensor in again.state_dict().items()]
        others = {("listed", 0): again.listed[0], ("listed", 1): again.listed[1], ("named", "a"): again.named["a"],
                  ("named", "b"): again.named["b"], ("pair", 0): again.pair[0], ("plain",): again.plain}
        rows += [record(path, tensor) for path, tensor in others.items() if ".".join(map(str, path)) not in {r["name"] for r in rows}]
        forms.add("script_attributes.pt", data, "torchscript", rows, "TorchScript: tensors in lists, dicts, tuples and tied")
        frozen = torch.jit.freeze(torch.jit.script(fill(Gate(), "frozen").eval()))
        frozen.save(folder / "script_frozen.pt")
        data = torch_zip.without_sources((folder / "script_frozen.pt").read_bytes())
        again = torch.jit.load(io.BytesIO(data))
        constants = again.code_with_constants[1].const_mapping
        forms.add("script_frozen.pt", data, "torchscript",
                  [record(("<constants>", i), constants[f"c{i}"]) for i in range(len(constants))],
                  "TorchScript, frozen: every tensor is a constant")
        torch.package.package_exporter._gate_torchscript_serialization = False
        with torch.package.PackageExporter(str(folder / "package_script.pt")) as exporter:
            exporter.extern("**")
            exporter.save_pickle("nets", "script.pkl", torch.jit.script(fill(Gate(), "packaged").eval()))
            exporter.save_pickle("nets", "both.pkl", {"net": fill(Gate(), "plain"), "t": torch.arange(3.0)})
            exporter.save_text("nets", "note.txt", "read me")
        data = without_addresses(torch_zip.without_sources((folder / "package_script.pt").read_bytes()))
        importer = torch.package.PackageImporter(io.BytesIO(data))
        # The pickle that is named holds a reference; the module lies in an archive of its own.
        rows = [record((".data/ts_code/0/data.pkl", *name.split(".")), tensor)
                for name, tensor in importer.load_pickle("nets", "script.pkl").state_dict().items()]
        rows += walk(importer.load_pickle("nets", "both.pkl"), ("nets/both.pkl",))
        forms.add("package_script.pt", data, "package", rows, "torch.package with a TorchScript module beside others")
        exported(forms, folder)
    every = {name: torch.arange(16, dtype=torch.uint8).view(getattr(torch, name)) for name in (
        "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 float8_e4m3fn float8_e5m2 "
        "float8_e8m0fnu complex64").split()}  # fmt: skip
    every |= {"bool": torch.tensor([True, False]), "scalar": torch.tensor(2.5), "layer.0.weight": torch.ones(1, 0, 3)}
    data = safetensors.torch.save(every, {"note": "é"})
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "dtypes.safetensors"
        path.write_bytes(data)
        again = safetensors.torch.load_file(path)  # load() knows fewer dtypes
    forms.add("dtypes.safetensors", data, "safetensors",
              [record((name,), again[name]) for name in sorted(again)], "every dtype of safetensors")


def without_addresses(data):
    """A package whose calls are numbered by the address of their object: one number, so that two runs agree."""
    entries = []
    for name, method, crc, content, length in torch_zip.records(data):
        if b"reduce_package" in content:
            entries.append(torch_zip.stored(name, re.sub(rb"(reduce_packageq.\x8a\x06).{6}", rb"\g<1>123456", content, flags=re.DOTALL)))
        else:
            entries.append((name, method, crc, content, length))
    return torch_zip.write(entries)


class Views(nn.Module):
    """Weights that are views of one storage, and of other widths."""

    def __init__(self):
        super().__init__()
        whole = torch.arange(24.0)
        self.left = nn.Parameter(whole[:8].view(2, 4))
        self.right = nn.Parameter(whole[8:20].view(3, 4).t())
        self.narrow = nn.Parameter(torch.arange(4.0).bfloat16())
        self.register_buffer("mask", torch.tensor([True, False, True, True]))
        self.register_buffer("scale", torch.tensor(0.5, dtype=torch.float64))

    def forward(self, x):
        return (x @ self.left.t()).sum() + (x @ self.right).sum() + (x * self.narrow.float() * self.mask).sum() * self.scale


def exported(forms, folder):
    program = torch.export.export(Views(), (torch.ones(1, 4),))
    torch.export.save(program, folder / "exported_views.pt2")
    data = torch_zip.without_sources((folder / "exported_views.pt2").read_bytes())
    again = torch.export.load(io.BytesIO(data))
    tensors = list(again.state_dict.items()) + [(n, c) for n, c in again.constants.items() if isinstance(c, torch.Tensor)]
    forms.add("exported_views.pt2", data, "pt2", [record((name,), tensor) for name, tensor in tensors],
              "torch.export: weights that are views of one storage")


PARTS = (tensors, surroundings, modules, details, programs)
