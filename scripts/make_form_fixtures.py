#!/usr/bin/env python3
"""Makes Fixtures/forms/ and Fixtures/strangers/: one small file for each form that checkpoints come in.

    pip install torch==2.13.0 && pip install -r scripts/requirements-fixtures.txt
    python3 scripts/make_form_fixtures.py [--out DIR]

The common forms are here, the rarer ones in rare_forms.py.

forms/<file> is a checkpoint, forms/truth.json what PyTorch finds in each: for every tensor its name,
path, dtype, shape, stride, storage offset and the SHA-256 of its contiguous, row-major,
little-endian bytes. Truth comes from loading the file again (torch.load, torch.jit.load,
torch.export.load, PackageImporter, pickle, safetensors); for what no PyTorch loads (the oldest tar
dialect) it is what was written. strangers/ holds files that are no checkpoints, and what they are.

Sparse tensors stand as their component tensors, quantized ones as their integers. Two runs
write the same bytes: paths of sources are taken out of TorchScript and torch.export archives.
"""

import argparse
import collections
import contextlib
import datetime
import enum
import gzip
import hashlib
import io
import json
import os
import pathlib
import pickle
import shutil
import struct
import sys
import tarfile
import tempfile
import types
import warnings
import zipfile

import numpy as np
import safetensors.torch
import torch
from torch import nn

import torch_zip

warnings.filterwarnings("ignore")
SEED = 20260301


# ---------------------------------------------------------------------------------------------
# Truth
# ---------------------------------------------------------------------------------------------


def raw_bytes(tensor):
    """Contiguous, row-major, little-endian bytes of a tensor."""
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    flat = torch.empty(0, dtype=torch.uint8).set_(
        tensor.untyped_storage(), tensor.storage_offset() * tensor.element_size(),
        (tensor.numel() * tensor.element_size(),))
    return bytes(flat.numpy().tobytes())


def record(path, tensor, name=None):
    row = {
        "name": ".".join(map(str, path)) if name is None else name,
        "path": [str(step) for step in path],
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "stride": list(tensor.stride()),
        "storage_offset": tensor.storage_offset(),
    }
    if tensor.device.type == "meta":
        row["sha256"] = None
    elif tensor.is_quantized:
        row["sha256"] = hashlib.sha256(raw_bytes(tensor.int_repr())).hexdigest()
    else:
        row["sha256"] = hashlib.sha256(raw_bytes(tensor)).hexdigest()
    return row


def array_record(path, array):
    return {
        "name": ".".join(map(str, path)),
        "path": [str(step) for step in path],
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "stride": [step // array.itemsize for step in array.strides],
        "storage_offset": 0,
        "sha256": hashlib.sha256(
            np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest(),
    }


def components(tensor):
    """The tensors that a sparse or nested tensor is pickled as."""
    if tensor.layout == torch.sparse_coo:
        return {"indices": tensor._indices(), "values": tensor._values()}
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return {"crow_indices": tensor.crow_indices(), "col_indices": tensor.col_indices(), "values": tensor.values()}
    if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        return {"ccol_indices": tensor.ccol_indices(), "row_indices": tensor.row_indices(), "values": tensor.values()}
    if tensor.is_nested:
        return {
            "buffer": torch._nested_view_from_buffer and tensor.values(),
            "sizes": tensor._nested_tensor_size(),
            "strides": tensor._nested_tensor_strides(),
            "storage_offsets": tensor._nested_tensor_storage_offsets(),
        }
    return None


def walk(value, path=()):
    """Every tensor in nested containers, in the order of the file."""
    if isinstance(value, torch.Tensor):
        parts = components(value)
        if parts is None:
            yield record(path, value)
        else:
            for part, tensor in parts.items():
                yield record(path + (part,), tensor)
    elif isinstance(value, np.ndarray):
        yield array_record(path, value)
    elif isinstance(value, nn.Module):
        yield from walk_module(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, path + (key,))
    elif isinstance(value, (list, tuple, collections.deque)):
        for index, item in enumerate(value):
            yield from walk(item, path + (index,))


def walk_module(module, path=()):
    for name, tensor in module.state_dict().items():
        *children, leaf = name.split(".")
        owner = module.get_submodule(".".join(children))
        table = "_parameters" if leaf in owner._parameters else "_buffers"
        inner = [step for child in children for step in ("_modules", child)]
        yield record(list(path) + inner + [table, leaf], tensor, name=".".join([*map(str, path), name]))


# ---------------------------------------------------------------------------------------------
# Writing
# ---------------------------------------------------------------------------------------------


class Forms:
    def __init__(self, out):
        self.folder = out / "forms"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.truth = {}

    def add(self, name, data, container, tensors, about):
        """One file (or a folder's index, when `data` is a dict of files) and its truth."""
        files = data if isinstance(data, dict) else {name: data}
        for file, content in files.items():
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.truth[name] = {"container": container, "about": about, "tensors": list(tensors)}

    def save(self, name, value, about, container="zip", load=True, **options):
        """torch.save, and the truth by torch.load."""
        data = saved(value, pathlib.Path(name).stem, **options)
        found = torch.load(io.BytesIO(data), weights_only=False) if load else value
        self.add(name, data, container, walk(found), about)
        return data

    def finish(self):
        lines = ",\n".join(
            f'{json.dumps(name)}: {{"container": {json.dumps(t["container"])}, "about": {json.dumps(t["about"])}, "tensors": [\n'
            + ",\n".join("  " + json.dumps(row) for row in t["tensors"]) + "\n]}"
            for name, t in self.truth.items())
        (self.folder / "truth.json").write_text("{\n" + lines + "\n}\n")


@contextlib.contextmanager
def numbered_storages():
    """Legacy files name storages by address: numbers instead, so that two runs write the same bytes."""
    address = torch._C.StorageBase._cdata
    seen = {}
    torch.UntypedStorage._cdata = property(
        lambda storage: seen.setdefault(address.__get__(storage), 94000000000000 + 64 * len(seen)))
    try:
        yield
    finally:
        del torch.UntypedStorage._cdata


def saved(value, stem, legacy=False, **options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{stem}.pt"
        with numbered_storages() if legacy else contextlib.nullcontext():
            torch.save(value, path, _use_new_zipfile_serialization=not legacy, **options)
        return path.read_bytes()


def state_dict():
    g = torch.Generator().manual_seed(SEED)
    return collections.OrderedDict(
        weight=torch.randn(3, 4, generator=g), bias=torch.randn(3, generator=g), steps=torch.tensor(7))


def repack(data, rename=lambda name: name, extra=(), method=zipfile.ZIP_STORED, comment=b""):
    """The records of a zip archive, written again by Python's zipfile."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", method) as target:
        for name, content in extra:
            target.writestr(zipfile.ZipInfo(name), content)
        for item in source.infolist():
            target.writestr(zipfile.ZipInfo(rename(item.filename)), source.read(item), compress_type=method)
        target.comment = comment
    return out.getvalue()


# ---------------------------------------------------------------------------------------------
# a: values
# ---------------------------------------------------------------------------------------------


class Wrapper(torch.Tensor):
    """A wrapper subclass: its own values are elsewhere, in `inner`."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func, kinds, args=(), kwargs=None):
        return func(*[a.inner if isinstance(a, Wrapper) else a for a in args], **(kwargs or {}))


class Colour(enum.Enum):
    RED = 1


Point = collections.namedtuple("Point", "x y")


def values(forms):
    dense = torch.tensor([[0.0, 1, 0, 2], [0, 0, 3, 0], [4, 0, 0, 5], [0, 6, 0, 0]])
    forms.save("sparse.pt", {
        "coo": dense.to_sparse(), "uncoalesced": torch.sparse_coo_tensor([[0, 0], [1, 1]], [1.0, 2.0], (2, 2)),
        "csr": dense.to_sparse_csr(), "csc": dense.to_sparse_csc(), "bsr": dense.to_sparse_bsr((2, 2)),
        "bsc": dense.to_sparse_bsc((2, 2)), "hybrid": torch.stack([dense, dense], -1).to_sparse(2),
    }, "every sparse layout")
    x = torch.arange(-6.0, 6).view(3, 4)
    scales, zeros = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), torch.tensor([0, 1, 2])
    forms.save("quantized.pt", {
        "qint8": torch.quantize_per_tensor(x, 0.1, 3, torch.qint8),
        "quint8": torch.quantize_per_tensor(x, 0.1, 3, torch.quint8),
        "qint32": torch.quantize_per_tensor(x, 0.001, 0, torch.qint32),
        "per_channel": torch.quantize_per_channel(x, scales, zeros, 0, torch.qint8),
        "float_qparams": torch.quantize_per_channel(
            x, scales.float(), zeros.float(), 0, torch.quint8),
        "packed4": torch.quantize_per_channel(x, scales.float(), zeros.float(), 0, torch.quint4x2),
    }, "quantized tensors of each scheme")
    forms.save("nested_tensor.pt", {"n": torch.nested.nested_tensor([torch.arange(3.0), torch.arange(5.0)])},
               "a nested tensor (strided layout)")
    forms.save("meta.pt", {"m": torch.empty(1 << 20, 1 << 20, device="meta"), "t": torch.ones(2)},
               "a meta tensor beside an ordinary one")
    c = torch.tensor([1 + 2j, 3 - 4j], dtype=torch.complex64)
    forms.save("conj_neg.pt", {"conj": c.conj(), "neg": torch._neg_view(torch.arange(4.0)),
                               "both": torch._neg_view(c).conj(), "imag": c.clone().conj().imag}, "conj and neg bits")
    wrapped = Wrapper(torch.arange(6.0).view(2, 3))
    data = saved({"w": wrapped, "t": torch.zeros(1)}, "wrapper")
    forms.add("wrapper.pt", data, "zip",
              [record(("w", "inner"), wrapped.inner), record(("t",), torch.zeros(1))],
              "a wrapper subclass, whose values are an attribute")
    parameter = nn.Parameter(torch.arange(3.0))
    parameter.note = "kept"
    forms.save("parameters.pt", {
        "p": nn.Parameter(torch.arange(4.0)), "frozen": nn.Parameter(torch.ones(2, 2), requires_grad=False),
        "with_state": parameter, "buffer": nn.Buffer(torch.arange(2)),
    }, "parameters with and without state, a buffer")
    forms.save("numpy.pt", {
        "array": np.arange(6, dtype=np.float32).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big_endian": np.arange(4, dtype=">i4"), "bool": np.array([True, False]), "empty": np.zeros((0, 3)),
        "scalar": np.float64(3.5), "rank0": np.array(7, dtype=np.int16), "half": np.arange(3, dtype=np.float16),
        "complex": np.array([1 + 2j]), "torch": torch.arange(3),
    }, "numpy arrays and scalars in a zip checkpoint")
    forms.save("numpy_protocol5.pt", {"array": np.arange(6, dtype=np.float32).reshape(2, 3),
                                      "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3))},
               "numpy arrays in protocol 5 (_frombuffer)", pickle_protocol=5)
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    adam = torch.optim.Adam(net.parameters(), lr=0.1)
    net(torch.ones(4, 2)).sum().backward()
    adam.step()
    forms.save("training.pt", {
        "epoch": 3, "state_dict": net.state_dict(), "optimizer_states": [adam.state_dict()],
        "lr_schedulers": [torch.optim.lr_scheduler.StepLR(adam, 2).state_dict()],
        "hyper_parameters": argparse.Namespace(width=4, when=datetime.date(2026, 3, 1)),
        "callbacks": {"ModelCheckpoint{'monitor': 'loss'}": {"best_model_score": torch.tensor(0.5)}},
    }, "a Lightning checkpoint with Adam's state")
    t = torch.arange(2.0)
    forms.save("keys.pt", {1: t, "1": t + 1, 2.5: t + 2, None: t + 3, True: t + 4, (1, "a"): t + 5,
                           b"bytes": t + 6, "a.b": t + 7, "a": {"b": t + 8}, "": t + 9, "ünïcödé": t + 10},
               "keys of every kind, and two names that collide when they are joined")
    shared = state_dict()
    forms.save("shared.pt", {"model": shared, "ema": shared}, "one dict under two names")
    forms.save("collections.pt", {
        "defaultdict": collections.defaultdict(list, a=[t]), "counter": collections.Counter("abca"),
        "deque": collections.deque([t]), "set": {1, 2}, "frozenset": frozenset([3]), "point": Point(t, t + 1),
        "slice": slice(1, 2), "range": range(3), "complex": 1j, "path": pathlib.PurePosixPath("a/b"),
        "when": datetime.timedelta(1), "enum": Colour.RED, "namespace": types.SimpleNamespace(x=1),
        "size": torch.Size([1, 2]), "device": torch.device("cpu"), "dtype": torch.float16, "big": 1 << 100,
    }, "collections, and values that are no tensors")
    base = torch.arange(24.0)
    forms.save("storages.pt", {"typed": torch.arange(3.0).storage(), "untyped": torch.arange(3.0).untyped_storage(),
                               "tensor": torch.arange(2.0)}, "storages beside a tensor: they are no tensors")
    forms.save("views.pt", {
        "empty": torch.empty(0, 3), "scalar": torch.tensor(1.5), "ones": torch.as_strided(base, (1, 3, 1), (100, 2, 77)),
        "expanded": base[:1].expand(1000, 1), "transposed": base.view(4, 6).t(), "offset": base[5:9],
        "flipped": base.view(2, 3, 4).permute(2, 0, 1), "overlap": torch.as_strided(base, (5, 4), (1, 2)),
        "empty_strided": torch.empty_strided((0, 5), (3, 0)),
    }, "views of one storage")
    kinds = [n for n in (
        "float64 float32 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex32 complex64 "
        "complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 "
        "bits8 bits16 bits1x8 bits2x4 bits4x2").split() if hasattr(torch, n)]
    raw = torch.arange(64, dtype=torch.uint8)
    everything = {}
    for kind in kinds:
        dtype = getattr(torch, kind)
        size = torch.empty(0, dtype=dtype).element_size()
        source = raw[: 2 * size].clone() if kind != "bool" else torch.tensor([0, 1], dtype=torch.uint8)
        everything[kind] = source.view(dtype) if not kind.startswith(("bits", "float4")) else torch.empty(
            0, dtype=dtype).set_(source.untyped_storage(), 0, (2,))
    forms.save("dtypes.pt", everything, "every dtype that PyTorch saves")


# ---------------------------------------------------------------------------------------------
# b: protocols, legacy streams, zip details
# ---------------------------------------------------------------------------------------------


def protocols(forms):
    # Protocols 0 and 1 of the zip form cannot be written: persistent ids would have to be text.
    for protocol in range(2, 6):
        forms.save(f"zip_protocol{protocol}.pt", state_dict(), f"zip, pickle protocol {protocol}", pickle_protocol=protocol)
    for protocol in range(1, 6):
        forms.save(f"legacy_protocol{protocol}.pt", state_dict(), f"legacy stream, pickle protocol {protocol}",
                   container="legacy", legacy=True, pickle_protocol=protocol)
    first, second = saved(state_dict(), "a", legacy=True), saved({"other": torch.ones(2)}, "b", legacy=True)
    forms.add("legacy_two.pt", first + second, "legacy", walk(torch.load(io.BytesIO(first + second))),
              "two checkpoints in one stream: torch.load reads the first")
    data = old_legacy()
    forms.add("legacy_views.pt", data, "legacy", walk(torch.load(io.BytesIO(data), weights_only=False)),
              "a stream from before PyTorch 0.4: storages that are views of others, Python 2 strings")
    with torch.utils.serialization.config.patch({"save.storage_alignment": 4096}):
        forms.save("aligned_4096.pt", state_dict(), "storages aligned to 4096 bytes")
    little = saved(state_dict(), "big_endian")
    big = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(little)) as source, zipfile.ZipFile(big, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if item.filename.endswith("byteorder"):
                content = b"big"
            elif "/data/" in item.filename:
                size = 8 if len(content) == 8 else 4
                content = b"".join(content[i:i + size][::-1] for i in range(0, len(content), size))
            target.writestr(zipfile.ZipInfo(item.filename), content)
    forms.add("big_endian.pt", big.getvalue(), "zip", walk(torch.load(io.BytesIO(big.getvalue()))), "a big-endian archive")


def old_legacy():
    """Legacy stream with 6-tuple persistent ids and view metadata, as PyTorch 0.3 on Python 2 wrote it."""

    def short(text):
        return b"U" + bytes([len(text)]) + text.encode()

    def number(n):
        return b"K" + bytes([n]) if 0 <= n < 256 else b"M" + struct.pack("<H", n)

    def storage(view):
        body = short("storage") + b"ctorch\nFloatStorage\n" + short("70") + short("cpu") + b"\x8a\x01\x18"
        if view is None:
            return b"(" + body + b"NtQ"
        key, offset, size = view
        return b"(" + body + b"(" + short(key) + number(offset) + number(size) + b"ttQ"

    def tensor(view, offset, size, stride):
        return (b"ctorch._utils\n_rebuild_tensor\n(" + storage(view) + number(offset)
                + b"(" + b"".join(map(number, size)) + b"t(" + b"".join(map(number, stride)) + b"ttR")

    body = (b"\x80\x02ccollections\nOrderedDict\n]" + b"]" + short("whole") + b"a" + tensor(None, 0, (4, 6), (6, 1)) + b"aa"
            + b"]" + short("part") + b"a" + tensor(("71", 6, 12), 2, (2, 5), (5, 1)) + b"aa" + b"\x85R.")
    values = np.arange(24, dtype="<f4").tobytes()
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    return (pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps(info, 2) + body
            + pickle.dumps(["70"], 2) + struct.pack("<q", 24) + values)


# ---------------------------------------------------------------------------------------------
# c: tar
# ---------------------------------------------------------------------------------------------


class TarPickler(pickle.Pickler):
    def __init__(self, file, ids):
        super().__init__(file, 2)
        self.ids = ids

    def persistent_id(self, value):
        return str(self.ids[id(value)]) if isinstance(value, torch.Tensor) else None


def tar_bytes(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.pax_headers = {"mtime": "1484000000.5"}
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def tar(forms):
    base = torch.arange(12.0)
    weight, part, steps = base.view(3, 4), base[4:10].view(2, 3).t(), torch.tensor([5, 6])
    named = [(100, weight, 1, (0, 12)), (101, part, 2, (0, 6)), (102, steps, 3, (0, 2))]
    ids = {id(tensor): key for key, tensor, _, _ in named}
    for oldest in (False, True):
        storages = io.BytesIO()
        roots = [(1, torch.FloatStorage, base), (3, torch.LongStorage, steps)]
        if oldest:
            roots.insert(1, (2, torch.FloatStorage, base[4:10].clone()))
        pickle.dump(len(roots), storages, 2)
        for key, kind, tensor in roots:
            pickle.dump((key, kind) if oldest else (key, "cpu", kind), storages, 2)
            storages.write(struct.pack("<q", tensor.numel()) + tensor.numpy().tobytes())
        if not oldest:
            pickle.dump([(2, 1, 4, 6)], storages, 2)
        tensors = io.BytesIO()
        pickle.dump(len(named), tensors, 2)
        for key, tensor, storage, _ in named:
            kind = torch.LongTensor if tensor.dtype == torch.int64 else torch.FloatTensor
            pickle.dump((key, kind, storage) if oldest else (key, storage, kind), tensors, 2)
            tensors.write(struct.pack("<i", tensor.dim()) + b"\x07\0\0\0")
            tensors.write(struct.pack(f"<{tensor.dim()}q", *tensor.shape))
            tensors.write(struct.pack(f"<{tensor.dim()}q", *tensor.stride()))
            tensors.write(struct.pack("<q", 0))
        body = io.BytesIO()
        TarPickler(body, ids).dump(collections.OrderedDict(weight=weight, part=part, steps=steps))
        info = {"protocol_version": 1000, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 8}}
        data = tar_bytes({"sys_info": pickle.dumps(info, 2), "pickle": body.getvalue(),
                          "tensors": tensors.getvalue(), "storages": storages.getvalue()})
        rows = [record(("weight",), weight), record(("part",), part), record(("steps",), steps)]
        # PyTorch counts the offset within the view of the storage.
        rows[1]["storage_offset"] = 0
        if not oldest:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "old.pth"
                path.write_bytes(data)
                loaded = torch.load(path, weights_only=False)
            assert list(walk(loaded)) == rows
        forms.add("tar_oldest.pth" if oldest else "tar.pth", data, "tar", rows,
                  "the tar form's oldest dialect" if oldest else "the tar form, with a storage that is a view")


# ---------------------------------------------------------------------------------------------
# d, e, f: TorchScript, torch.export, torch.package
# ---------------------------------------------------------------------------------------------


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(4.0))
        self.register_buffer("mean", torch.tensor([0.5]))

    def forward(self, x):
        return x * self.weight + self.mean


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.shared = self.inner
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.inner(x) + torch.tensor([1.0, 2.0, 3.0, 4.0])


def programs(forms):
    torch.manual_seed(SEED)
    net = Outer().eval()
    state = list(net.state_dict().items())

    def script_rows(module):
        rows = [record(name.split("."), tensor) for name, tensor in module.state_dict().items()]
        return rows

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        scripted = torch.jit.script(net)
        scripted.save(folder / "scripted.pt")
        traced = torch.jit.trace(net, torch.ones(2, 4))
        traced.save(folder / "traced.pt")
        scripted._save_for_lite_interpreter(str(folder / "mobile.ptl"))
        constant = record(("<constants>", "0"), torch.tensor([1.0, 2.0, 3.0, 4.0]))
        for name, module in (("scripted.pt", scripted), ("traced.pt", traced), ("mobile.ptl", scripted)):
            data = torch_zip.without_sources((folder / name).read_bytes())
            if name != "mobile.ptl":
                module = torch.jit.load(io.BytesIO(data))
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                has_constant = any("/constants/" in n for n in archive.namelist())
            forms.add(name, data, "torchscript", script_rows(module) + ([constant] if has_constant else []),
                      f"TorchScript: {name}")

        class Exported(Outer):
            def __init__(self):
                super().__init__()
                self.layers[1].weight = self.layers[0].weight
                self.register_buffer("steps", torch.tensor([3]))
                self.register_buffer("scratch", torch.ones(4), persistent=False)

            def forward(self, x):
                return super().forward(x) + self.scratch + self.steps

        program = torch.export.export(Exported().eval(), (torch.ones(1, 4),))
        torch.export.save(program, folder / "exported.pt2")
        data = torch_zip.without_sources((folder / "exported.pt2").read_bytes())
        (folder / "exported.pt2").write_bytes(data)
        again = torch.export.load(folder / "exported.pt2")
        tensors = list(again.state_dict.items()) + [
            (n, c) for n, c in again.constants.items() if isinstance(c, torch.Tensor)]
        forms.add("exported.pt2", data, "pt2",
                  [record((name,), tensor) for name, tensor in tensors], "torch.export, with a shared weight and constants")

        from torch.package import PackageExporter

        with PackageExporter(str(folder / "package.pt")) as exporter:
            exporter.extern("**")
            exporter.save_pickle("model", "weights.pkl", dict(state))
            exporter.save_pickle("model", "module.pkl", nn.Sequential(nn.Linear(2, 3)))
        importer = torch.package.PackageImporter(str(folder / "package.pt"))
        rows = list(walk(importer.load_pickle("model", "weights.pkl"), ("model/weights.pkl",)))
        rows += list(walk(importer.load_pickle("model", "module.pkl"), ("model/module.pkl",)))
        forms.add("package.pt", (folder / "package.pt").read_bytes(), "package", rows, "torch.package, two pickles")


# ---------------------------------------------------------------------------------------------
# g, h, i, j: bare pickles, safetensors, shards, gzip, repacked zips
# ---------------------------------------------------------------------------------------------


def bare(forms):
    for protocol in range(6):
        with numbered_storages():
            data = pickle.dumps({"a": torch.arange(6.0).view(2, 3), "n": np.arange(3, dtype=np.int32)}, protocol)
        forms.add(f"bare_protocol{protocol}.pkl", data, "pickle", walk(pickle.loads(data)),
                  f"pickle.dump of a tensor and an array, protocol {protocol}")
    with numbered_storages():
        data = pickle.dumps(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), 2)
    forms.add("bare_module.pkl", data, "pickle", walk(pickle.loads(data)), "pickle.dump of a module")
    arrays = {"conv1_w": np.arange(27, dtype=np.float32).reshape(1, 3, 3, 3), "conv1_b": np.array([0.25], dtype=np.float32)}
    body = b"".join(
        b"U" + bytes([len(name)]) + name.encode() + b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01bt"
        b"R(K\x01(" + b"".join(b"K" + bytes([n]) for n in array.shape)
        + b"tcnumpy\ndtype\n(U\x02f4K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + b"T" + struct.pack("<i", array.nbytes) + array.tobytes() + b"tb"
        for name, array in arrays.items())
    data = b"\x80\x02}U\x05blobs}(" + body + b"us."
    loaded = pickle.loads(data, encoding="latin1")
    forms.add("detectron.pkl", data, "pickle", walk(loaded), "numpy arrays as Python 2 pickled them (Detectron)")
    text = pickle.dumps({"w": np.arange(300, dtype=np.float32)}, 2)
    forms.add("numpy_latin1.pkl", text, "pickle", walk(pickle.loads(text)), "bytes as Latin-1 text (protocol 2)")
    with numbered_storages():
        large = pickle.dumps({"w": torch.arange(20000.0), "n": np.arange(20000, dtype=np.float32)[::2].copy()}, 2)
    forms.add("bare_large.pkl.gz", gzip.compress(large, mtime=0), "pickle", walk(pickle.loads(large)),
              "a pickle with strings that are too long to be kept in memory, in gzip")


def others(forms):
    tensors = {"layer.weight": torch.arange(6.0).view(2, 3), "layer.bias": torch.arange(2).half(),
               "f8": torch.arange(4.0).to(torch.float8_e4m3fn), "empty": torch.empty(0, 2)}
    data = safetensors.torch.save(tensors, {"format": "pt"})
    rows = [record((name,), tensor) for name, tensor in sorted(safetensors.torch.load(data).items())]
    forms.add("model.safetensors", data, "safetensors", rows, "safetensors")
    first, second = {"a.weight": torch.arange(6.0).view(2, 3)}, {"b.weight": torch.ones(2), "b.extra": torch.zeros(1)}
    for folder, ending, pack in (
            ("sharded_bin", "bin", lambda value, stem: saved(value, stem)),
            ("sharded_safetensors", "safetensors", lambda value, stem: safetensors.torch.save(value))):
        stem = "pytorch_model" if ending == "bin" else "model"
        names = [f"{stem}-0000{i}-of-00002.{ending}" for i in (1, 2)]
        index = {"metadata": {"total_size": 36},
                 "weight_map": {"a.weight": names[0], "b.weight": names[1], "b.extra": names[1]}}
        files = {f"{folder}/{stem}.{ending}.index.json": json.dumps(index, indent=2).encode(),
                 f"{folder}/{names[0]}": pack(first, names[0][:-4]), f"{folder}/{names[1]}": pack(second, names[1][:-4])}
        rows = [record((name,), tensor) for name, tensor in (first | second).items()]
        forms.add(f"{folder}/{stem}.{ending}.index.json", files, "sharded", rows, f"two shards of {ending}")
    plain = saved(state_dict(), "state")
    legacy = saved(state_dict(), "state", legacy=True)
    rows = list(walk(state_dict()))
    for name, data, container in (("zip.pt.gz", plain, "zip"), ("legacy.pt.gz", legacy, "legacy"),
                                  ("safetensors.gz", safetensors.torch.save(dict(state_dict())), "safetensors")):
        packed = gzip.compress(data, mtime=0)
        if name == "legacy.pt.gz":
            packed = gzip.compress(data[:500], mtime=0) + gzip.compress(data[500:], mtime=0) + bytes(16)
        forms.add(name, packed, container, rows, f"gzip around {container}")
    junk = ("__MACOSX/._state", b"\0\5\x16\7junk"), ("notes.txt", b"read me")
    flat = repack(plain, rename=lambda name: name.split("/", 1)[1])
    repacked = {
        "rezip_deflated.pt": repack(plain, method=zipfile.ZIP_DEFLATED),
        "rezip_flat.pt": flat,
        "rezip_stray.pt": repack(plain, extra=junk),
        "rezip_folder_first.pt": repack(plain, extra=[("state/", b"")]),
        "rezip_comment.pt": repack(plain, comment=b"PK\5\6" + bytes(18) + b"not the end"),
        "rezip_trailing.pt": repack(plain) + b"trailing junk",
        "rezip_deeper.pt": repack(plain, rename=lambda name: "a/b/" + name),
    }
    for name, data in repacked.items():
        forms.add(name, data, "zip", rows, "packed again by another program: " + name[6:-3])


# ---------------------------------------------------------------------------------------------
# k: not checkpoints
# ---------------------------------------------------------------------------------------------


def strangers(out):
    folder = out / "strangers"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    keras = io.BytesIO()
    with zipfile.ZipFile(keras, "w") as archive:
        for name, content in (("metadata.json", b"{}"), ("config.json", b"{}"), ("model.weights.h5", b"\x89HDF\r\n\x1a\n")):
            archive.writestr(zipfile.ZipInfo(name), content)
    npz = io.BytesIO()
    np.savez(npz, a=np.arange(3))
    plain, legacy = saved(state_dict(), "state"), saved(state_dict(), "state", legacy=True)
    plain_tar = io.BytesIO()
    with tarfile.open(fileobj=plain_tar, mode="w:") as archive:
        archive.addfile(tarfile.TarInfo("README"))
    files = {
        "lfs.pth": (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 102530333\n", "git-LFS pointer"),
        "page.pth": (b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n", "HTML"),
        "gguf.pth": (b"GGUF\3\0\0\0" + bytes(32), "GGUF"),
        "keras.h5": (b"\x89HDF\r\n\x1a\n" + bytes(32), "HDF5"),
        "keras.keras": (keras.getvalue(), "Keras"),
        "torch7.t7": (struct.pack("<iii", 4, 1, 3) + b"V 1" + struct.pack("<i", 17) + b"torch.FloatTensor" + bytes(40), "Torch7"),
        "executorch.pte": (struct.pack("<I", 32) + b"ET12" + bytes(32), "ExecuTorch"),
        "empty.pth": (b"", "empty"),
        "zeros.pth": (bytes(600), "zeros"),
        "truncated_zip.pth": (plain[: len(plain) // 2], "zip"),
        "truncated_legacy.pth": (legacy[: len(legacy) - 20], "truncated"),
        "truncated.pt.gz": (gzip.compress(plain, mtime=0)[:-100], "truncated"),
        "damaged.pt.gz": (gzip.compress(plain, mtime=0)[:-8] + bytes(8), "damaged"),
        "preview.pt": (b"PYTORCH1" + bytes(64), "preview"),
        "arrays.npz": (npz.getvalue(), "npz"),
        "array.npy": (b"\x93NUMPY\1\0" + bytes(64), ".npy"),
        "other.tar": (plain_tar.getvalue(), "tar"),
        "config.json": (b'{"architectures": ["ResNetModel"]}', "JSON"),
        "text.pth": (b"Permission denied\n", "text"),
        "archive.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(32), "7-Zip"),
        "lite.tflite": (struct.pack("<I", 28) + b"TFL3" + bytes(32), "TensorFlow Lite"),
        "mobile.ptl": (struct.pack("<I", 28) + b"PTMF" + bytes(32), "flatbuffer"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    words = {name: word for name, (_, word) in files.items()}
    (folder / "words.json").write_text(json.dumps(words, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Makes Fixtures/forms and Fixtures/strangers.")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "Fixtures")
    out = parser.parse_args().out
    torch.manual_seed(SEED)
    forms = Forms(out)
    import rare_forms  # it needs this module under its name

    for part in (values, protocols, tar, programs, bare, others, *rare_forms.PARTS):
        part(forms)
        print(f"{part.__module__}.{part.__name__}: done", flush=True)
    forms.finish()
    strangers(out)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # TorchScript writes a module's constants in the order of a set.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})
    # Classes are pickled by their module's name, which must not depend on how the script is run.
    sys.modules["make_form_fixtures"] = sys.modules["__main__"]
    for kind in (Wrapper, Colour, Point, Inner, Outer):
        kind.__module__ = "make_form_fixtures"
    main()
