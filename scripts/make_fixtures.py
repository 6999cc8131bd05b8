#!/usr/bin/env python3
"""Makes everything in Fixtures/: checkpoints, the truth about them, and golden forward passes.

    pip install torch==2.13.0 && pip install --no-deps torchvision==0.28.0
    pip install -r scripts/requirements-fixtures.txt
    python3 scripts/make_fixtures.py [--only small|oddities|formula] [--out DIR] [--mutate N]

Three parts, each of which can be made alone (`oddities` re-packs a file that `small` writes):

  small     narrow ResNets and ResNeXts, saved by torch.save, with goldens at 64x64 and 65x63
  oddities  small files that hold what checkpoints in the wild hold: views, all dtypes, nesting ...
  formula   full-size networks whose weights come from a formula: only BatchNorm statistics,
            digests and goldens are stored

Everything is seeded; on one machine two runs write the same bytes. On another CPU the last bits of
the calibrated statistics, and so of the goldens, may differ: the committed files are the reference.
"""

import argparse
import collections
import contextlib
import copy
import dataclasses
import hashlib
import io
import json
import math
import pathlib
import random
import shutil
import struct
import zipfile

import numpy as np
import safetensors.torch
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval


def import_torchvision():
    """Imports torchvision beside any build of torch.

    Its compiled operators load only with the very build of torch they were made for (the wheel
    usually wants CUDA), and without them the import fails on registering fake kernels for `nms`
    and `qnms`. The ResNets need no compiled operator, so declaring the two schemas is enough.
    """
    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        try:
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        except RuntimeError:
            pass  # already there: this torchvision matches this torch
    import torchvision

    return torchvision, library  # the declarations live as long as the library object


torchvision, _TORCHVISION_SCHEMAS = import_torchvision()
resnet = torchvision.models.resnet

SEED = 20260101
TOLERANCE_K = 8
SMALLEST_FLOOR = 2.0**-24  # half an ulp of 1: a floor of 0 would forbid any rounding at all
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


# ---------------------------------------------------------------------------------------------
# The formula: splitmix64, exact in any language
# ---------------------------------------------------------------------------------------------

SPLITMIX_TEXT = (
    "splitmix64(x): z = x + 0x9E3779B97F4A7C15; z = (z ^ z>>30) * 0xBF58476D1CE4E5B9; "
    "z = (z ^ z>>27) * 0x94D049BB133111EB; z ^ z>>31; all modulo 2^64. "
    "u[i] = float32(splitmix64(seed + i) >> 40) * 2^-23 - 1, exact. "
    "weight: float32(scale * u[i]). affine: float32(offset + float32(scale * u[i])), not fused. "
    "stored: in the .stats.safetensors beside this file. scale and offset are float32 bit patterns."
)


def splitmix64(x):
    """splitmix64 of each element of a uint64 array."""
    with np.errstate(over="ignore"):
        z = np.asarray(x, np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def splitmix_range(seed, count):
    """splitmix64(seed), splitmix64(seed + 1) ... as a uint64 array."""
    with np.errstate(over="ignore"):
        return splitmix64(np.uint64(seed) + np.arange(count, dtype=np.uint64))


def unit_values(seed, count):
    """`count` float32 values, uniform in [-1, 1), each exact."""
    top24 = (splitmix_range(seed, count) >> np.uint64(40)).astype(np.float32)
    return top24 * np.float32(2.0**-23) - np.float32(1)


def weight_values(seed, shape, scale):
    """scale * u, one float32 rounding."""
    return (np.float32(scale) * unit_values(seed, math.prod(shape))).reshape(shape)


def affine_values(seed, shape, scale, offset):
    """offset + scale * u, two float32 roundings."""
    scaled = np.float32(scale) * unit_values(seed, math.prod(shape))
    return (np.float32(offset) + scaled).reshape(shape)


def multiscale_input(seed, shape):
    """The input called `multiscale-1`: six octaves of block noise around a mean for each channel.

    x[n,c,y,x] = ((c - 1) * 2^17 + sum over k = 0..5 of (u - 32768) * 2^k) * 2^-19, with
    u = splitmix64(seed + (((n*3 + c)*8 + k) << 40) + ((y >> k) << 20) + (x >> k)) >> 48.
    Integers until the last step, fewer than 24 bits of them: exact in float32.
    """
    items, channels, height, width = shape
    assert channels == 3
    total = np.zeros(shape, np.int64)
    for n in range(items):
        for c in range(channels):
            total[n, c] = (c - 1) * 131072
            for k in range(6):
                rows = (np.arange(height, dtype=np.uint64) >> np.uint64(k)) << np.uint64(20)
                columns = np.arange(width, dtype=np.uint64) >> np.uint64(k)
                start = (seed + (((n * 3 + c) * 8 + k) << 40)) % 2**64
                with np.errstate(over="ignore"):
                    counters = np.uint64(start) + rows[:, None] + columns[None, :]
                u = (splitmix64(counters) >> np.uint64(48)).astype(np.int64)
                total[n, c] += (u - 32768) << k
    return torch.from_numpy(total.astype(np.float32) * np.float32(2.0**-19))


def named_seed(*parts):
    """A 64-bit seed for the thing called `parts`."""
    text = "/".join(map(str, (SEED,) + parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def named_generator(*parts):
    """A torch generator for the thing called `parts`."""
    return torch.Generator().manual_seed(named_seed(*parts) >> 1)


# ---------------------------------------------------------------------------------------------
# Bytes, digests, files
# ---------------------------------------------------------------------------------------------


def tensor_bytes(tensor):
    """The logical values: contiguous, row-major, little-endian."""
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
    return plain.reshape(-1).view(torch.uint8).numpy().tobytes()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def dtype_name(tensor):
    return str(tensor.dtype).removeprefix("torch.")


def tensor_digests(state):
    """SHA-256 of each tensor of a state dict, by name."""
    return {name: sha256(tensor_bytes(tensor)) for name, tensor in state.items()}


def weights_digest(state, digests):
    """SHA-256 of the sorted lines `name dtype shape sha256`, shape as 64x3x7x7."""
    lines = (
        f"{name} {dtype_name(tensor)} {'x'.join(map(str, tensor.shape))} {digests[name]}\n"
        for name, tensor in state.items()
    )
    return sha256("".join(sorted(lines)).encode())


def json_lines(records):
    """A JSON array with one record on each line: small, and a diff shows the record."""
    return "[\n" + ",\n".join(json.dumps(record) for record in records) + "\n]"


def write_bytes(path, data):
    """Writes beside, then renames: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(data)
    beside.replace(path)


SAFETENSORS_NAMES = {torch.float64: "F64", torch.float32: "F32"}


def write_safetensors(path, tensors, metadata=None):
    """Writes a safetensors file with the same bytes each time.

    The library keeps metadata in a hash map and so orders it at random. Wider dtypes come first,
    which keeps every tensor aligned.
    """
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    end = 0
    for name in order:
        start, end = end, end + tensors[name].nbytes
        header[name] = {
            "dtype": SAFETENSORS_NAMES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(tensor_bytes(tensors[name]) for name in order)
    write_bytes(path, struct.pack("<Q", len(text)) + text + data)
    reloaded = safetensors.torch.load_file(path)
    assert all(torch.equal(reloaded[name], tensors[name]) for name in order), path


@contextlib.contextmanager
def numbered_storages():
    """Makes the legacy writer reproducible.

    It names storages by their address in memory. For the duration, addresses are replaced by
    numbers of the same look, in order of first use; all else is torch's own writer.
    """
    address = torch._C.StorageBase._cdata
    seen = {}

    def number(storage):
        return seen.setdefault(address.__get__(storage), 94000000000000 + 64 * len(seen))

    torch.UntypedStorage._cdata = property(number)
    try:
        yield
    finally:
        del torch.UntypedStorage._cdata


def save_checkpoint(out, stem, value, legacy=False, module=False):
    """torch.save into checkpoints/, and the truth about every tensor in it into truth/."""
    path = out / "checkpoints" / f"{stem}.pth"
    path.parent.mkdir(parents=True, exist_ok=True)
    # The zip's inner folder is named after the file, so it is written under its own name.
    folder = path.parent / f".{stem}.part"
    folder.mkdir(exist_ok=True)
    try:
        with numbered_storages() if legacy else contextlib.nullcontext():
            torch.save(value, folder / path.name, _use_new_zipfile_serialization=not legacy)
        (folder / path.name).replace(path)
    finally:
        shutil.rmtree(folder)
    write_truth(out, stem, module)
    return path


def write_truth(out, stem, module=False):
    """truth/<stem>.json: every tensor that torch.load finds in checkpoints/<stem>.pth."""
    path = out / "checkpoints" / f"{stem}.pth"
    loaded = torch.load(path, weights_only=False)  # our own file, and one holds a whole module
    found = module_tensors(loaded) if module else nested_tensors(loaded)
    records = [
        {
            "name": name,
            "path": path,
            "dtype": dtype_name(tensor),
            "shape": list(tensor.shape),
            "stride": list(tensor.stride()),
            "storage_offset": tensor.storage_offset(),
            "nbytes": tensor.numel() * tensor.element_size(),
            "sha256": sha256(tensor_bytes(tensor)),
        }
        for name, path, tensor in found
    ]
    write_bytes(out / "truth" / f"{stem}.json", (json_lines(records) + "\n").encode())


def nested_tensors(value, path=()):
    """(name, path, tensor) for every tensor in nested dicts, lists and tuples, in their order."""
    if isinstance(value, torch.Tensor):
        yield ".".join(path), list(path), value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from nested_tensors(item, path + (str(key),))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from nested_tensors(item, path + (str(index),))


def module_tensors(module):
    """As nested_tensors for a pickled module: state_dict() names, pickled paths."""
    for name, tensor in module.state_dict().items():
        *children, leaf = name.split(".")
        owner = module.get_submodule(".".join(children))
        table = "_parameters" if leaf in owner._parameters else "_buffers"
        path = [step for child in children for step in ("_modules", child)]
        yield name, path + [table, leaf], tensor


# ---------------------------------------------------------------------------------------------
# Networks
# ---------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Arch:
    """What defines a network of the family."""

    layers: tuple
    block: type = resnet.Bottleneck
    groups: int = 1
    width_per_group: int = 64
    base_planes: int = 64
    num_classes: int = 1000
    head: str = "fc"

    def metadata(self):
        """As text, for golden metadata and formula files."""
        return {
            "block": "basic" if self.block is resnet.BasicBlock else "bottleneck",
            "layers": ",".join(map(str, self.layers)),
            "groups": str(self.groups),
            "width_per_group": str(self.width_per_group),
            "base_planes": str(self.base_planes),
            "num_classes": str(self.num_classes),
            "head": self.head,
        }


class NarrowResNet(resnet.ResNet):
    """torchvision's ResNet with any number of base planes in place of 64.

    Only construction differs; blocks, _make_layer and forward are torchvision's.
    """

    def __init__(self, arch):
        super().__init__(
            arch.block, [1, 1, 1, 1], arch.num_classes, groups=arch.groups, width_per_group=arch.width_per_group
        )
        base = arch.base_planes
        self.inplanes = base
        self.conv1 = nn.Conv2d(3, base, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        self.layer1 = self._make_layer(arch.block, base, arch.layers[0])
        self.layer2 = self._make_layer(arch.block, 2 * base, arch.layers[1], stride=2)
        self.layer3 = self._make_layer(arch.block, 4 * base, arch.layers[2], stride=2)
        self.layer4 = self._make_layer(arch.block, 8 * base, arch.layers[3], stride=2)
        self.fc = nn.Linear(8 * base * arch.block.expansion, arch.num_classes)


def blocks(net):
    """(name, block) of every residual block, in order."""
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        for index, block in enumerate(getattr(net, stage)):
            yield f"{stage}.{index}", block


def last_norm(block):
    """The BatchNorm just before a block's addition."""
    return block.bn3 if hasattr(block, "bn3") else block.bn2


def norms(net):
    return [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]


def canonical_state(net, head):
    """The state dict, without fc for a headless network."""
    state = net.state_dict()
    return collections.OrderedDict((k, v) for k, v in state.items() if head == "fc" or not k.startswith("fc."))


def fuse_batch_norms(net):
    """A copy with every BatchNorm folded into its convolution."""
    net = copy.deepcopy(net)
    net.conv1, net.bn1 = fuse_conv_bn_eval(net.conv1, net.bn1), nn.Identity()
    for _, block in blocks(net):
        for i in "123":
            if hasattr(block, "conv" + i):
                fused = fuse_conv_bn_eval(getattr(block, "conv" + i), getattr(block, "bn" + i))
                setattr(block, "conv" + i, fused)
                setattr(block, "bn" + i, nn.Identity())
        if block.downsample is not None:
            block.downsample = nn.Sequential(fuse_conv_bn_eval(*block.downsample))
    return net


# ---------------------------------------------------------------------------------------------
# Goldens
# ---------------------------------------------------------------------------------------------


def stages(net, head):
    """(tap name, function) for each step of the forward pass; the last is the network's output.

    Together they are torchvision's forward; each function takes the output of the one before.
    """
    yield "conv1", lambda x: net.relu(net.bn1(net.conv1(x)))
    yield "maxpool", net.maxpool
    yield from blocks(net)
    if head == "fc":
        yield "avgpool", lambda x: torch.flatten(net.avgpool(x), 1)
        yield "logits", net.fc


def run_free(net, head, x):
    """Output of every stage, each fed by the one before."""
    outputs = {}
    for name, stage in stages(net, head):
        outputs[name] = x = stage(x)
    return outputs


def run_forced(net, head, inputs):
    """Output of every stage, each fed by inputs[its name]."""
    return {name: stage(inputs[name]) for name, stage in stages(net, head)}


@dataclasses.dataclass(frozen=True)
class Variant:
    """One correct way of computing the network in float32."""

    name: str
    mkldnn: bool = True
    channels_last: bool = False
    threads: int = 2
    one_by_one: bool = False
    folded: bool = False


DEFAULT = Variant("default")
FOLDED = Variant("bn-folded", folded=True)
CHANNELS_LAST = Variant("channels-last", channels_last=True)
NO_MKLDNN = Variant("mkldnn-off", mkldnn=False)
ALL_VARIANTS = (
    DEFAULT,
    NO_MKLDNN,
    CHANNELS_LAST,
    Variant("threads-1", threads=1),
    Variant("batch-1-by-1", one_by_one=True),
    FOLDED,
    Variant("bn-folded-mkldnn-off", folded=True, mkldnn=False),
)
BIG_VARIANTS = (DEFAULT, NO_MKLDNN, CHANNELS_LAST, FOLDED)


def run_variant(variant, net, folded, runner, head, x):
    """runner(net, head, x) under a variant; x is a tensor or a dict of tensors."""
    net = folded if variant.folded else net
    if variant.channels_last:
        net = copy.deepcopy(net).to(memory_format=torch.channels_last)

    def each(change, value):
        return {k: change(v) for k, v in value.items()} if isinstance(value, dict) else change(value)

    def run(value):
        if variant.channels_last:
            value = each(
                lambda t: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t, value
            )
        return runner(net, head, value)

    threads = torch.get_num_threads()
    torch.set_num_threads(variant.threads)
    try:
        with torch.backends.mkldnn.flags(enabled=variant.mkldnn):
            if not variant.one_by_one:
                return run(x)
            items = len(next(iter(x.values())) if isinstance(x, dict) else x)
            parts = [run(each(lambda t, n=n: t[n : n + 1], x)) for n in range(items)]
            return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    finally:
        torch.set_num_threads(threads)


def relative_l2(t, r):
    return float(torch.linalg.vector_norm(t.double() - r) / torch.linalg.vector_norm(r))


def max_over_std(t, r):
    return float((t.double() - r).abs().max() / r.std(correction=0))


class Floors:
    """The largest error of any correct float32 variant, for each name."""

    def __init__(self):
        self.values = {}

    def add(self, prefix, outputs, reference):
        for name, r in reference.items():
            for metric, value in (("rel_l2", relative_l2), ("max", max_over_std)):
                key = f"{prefix}.{name}.{metric}"
                assert math.isfinite(value(outputs[name], r)), key
                self.values[key] = max(self.values.get(key, SMALLEST_FLOOR), value(outputs[name], r))

    def metadata(self):
        return {key: repr(value) for key, value in self.values.items()}


def forced_inputs(x, free64, head_names):
    """What feeds each stage in the teacher-forced runs: float32 roundings of the reference."""
    feeds = [x] + [free64[name].float() for name in head_names[:-1]]
    return dict(zip(head_names, feeds))


def tap_summary(name, tap):
    """Four numbers that describe a whole tap."""
    return {
        f"tap.{name}.mean": repr(float(tap.mean())),
        f"tap.{name}.std": repr(float(tap.std(correction=0))),
        f"tap.{name}.absmax": repr(float(tap.abs().max())),
        f"tap.{name}.l2": repr(float(torch.linalg.vector_norm(tap))),
    }


def sampled_tap(name, tap, seed, count):
    """(tensors, metadata) for `count` values at flat index splitmix64(seed + j) mod numel."""
    index = splitmix_range(seed, count) % np.uint64(tap.numel())
    values = tap.contiguous().reshape(-1)[torch.from_numpy(index.astype(np.int64))].float()
    metadata = {f"tap.{name}.seed": str(seed), f"tap.{name}.shape": ",".join(map(str, tap.shape))}
    return {f"tap.{name}.values": values}, metadata


@dataclasses.dataclass(frozen=True)
class Source:
    """What a golden was computed with."""

    net: str
    arch: Arch
    sha256: str
    state: dict

    def metadata(self):
        digests = tensor_digests(self.state)
        return {
            **{f"arch.{key}": value for key, value in self.arch.metadata().items()},
            **{f"digest.{name}": digest for name, digest in digests.items()},
            "source_sha256": self.sha256,
            "weights_digest": weights_digest(self.state, digests),
        }


@torch.no_grad()
def make_golden(out, source, net, name, x, formula=None, samples=None, variants=ALL_VARIANTS, preprocess="none"):
    """Writes goldens/<net>/<name>.golden.safetensors; full taps unless `samples` is given.

    The reference is the float64 pass. Floors are the errors of float32 variants against it, over
    whole taps, once free-running and once with each stage fed by the rounded reference.
    """
    head = source.arch.head
    net = net.eval()
    net64 = copy.deepcopy(net).double()
    folded = fuse_batch_norms(net)
    names = [stage for stage, _ in stages(net, head)]
    free64 = run_free(net64, head, x.double())
    feeds = forced_inputs(x, free64, names)
    forced64 = run_forced(net64, head, {k: v.double() for k, v in feeds.items()})

    floors, default = Floors(), None
    for variant in variants:
        free = run_variant(variant, net, folded, run_free, head, x)
        default = free if default is None else default
        floors.add("floor", free, free64)
        floors.add("floor.block", run_variant(variant, net, folded, run_forced, head, feeds), forced64)
    output = "logits" if head == "fc" else "layer4"
    if head == "fc":
        assert torch.equal(default["logits"], net(x)), "the stages are not torchvision's forward"
    else:
        for metric in ("rel_l2", "max"):
            floors.values[f"floor.layer4.{metric}"] = floors.values[f"floor.{names[-1]}.{metric}"]

    result64, result32 = free64[names[-1]], default[names[-1]]
    tensors = {f"{output}_f64": result64, f"{output}_f32": result32}
    metadata = {
        "pth2swt.golden": "1",
        "name": name,
        "producer": f"torch {torch.__version__.split('+')[0]} CPU",
        "torch_version": torch.__version__,
        "made_with": "device=cpu; threads=1,2; reference=float64; float32 variants="
        + ",".join(v.name for v in variants),
        "preprocess": preprocess,
        "output": output,
        "tolerance.k": str(TOLERANCE_K),
        **source.metadata(),
        **floors.metadata(),
    }
    if head == "fc":
        top5 = result64.topk(5, dim=1).indices.tolist()
        metadata["labels_top5"] = ";".join(",".join(map(str, item)) for item in top5)
    if formula:
        metadata["input_formula"] = formula
    else:
        tensors["input"] = x
    for tap_name in names:
        if tap_name == "logits":
            continue
        tap = free64[tap_name]
        metadata.update(tap_summary(tap_name, tap))
        if samples:
            extra, about = sampled_tap(tap_name, tap, named_seed(source.net, name, tap_name), samples)
            tensors.update(extra)
            metadata.update(about)
        else:
            tensors[f"tap.{tap_name}"] = tap.float()
    tensors = {key: value.contiguous() for key, value in tensors.items()}
    write_safetensors(out / "goldens" / source.net / f"{name}.golden.safetensors", tensors, metadata)
    report(source.net, name, output, floors, result64)
    return floors.values[f"floor.{output}.rel_l2"]


def report(net, name, output, floors, result):
    block = [v for k, v in floors.values.items() if k.startswith("floor.block.") and k.endswith("rel_l2")]
    print(
        f"{net}/{name}: {output} rel_l2 {floors.values[f'floor.{output}.rel_l2']:.2e}"
        f" max {floors.values[f'floor.{output}.max']:.2e}, worst block rel_l2 {max(block):.2e},"
        f" output std {float(result.std()):.2f}",
        flush=True,
    )


# ---------------------------------------------------------------------------------------------
# Part 1: small networks
# ---------------------------------------------------------------------------------------------

SMALL = Arch((1, 1, 1, 1), groups=8, width_per_group=32, base_planes=8, num_classes=10)
SMALL_NETS = {
    "resnext_small": SMALL,
    "resnext_deep": dataclasses.replace(SMALL, layers=(2, 1, 2, 1)),
    "resnet_basic": Arch((1, 1, 2, 1), block=resnet.BasicBlock, base_planes=8, num_classes=10),
    "resnext_wrapped": Arch((1, 1, 1, 1), groups=4, width_per_group=32, base_planes=8, num_classes=10),
}


def synthetic_images(generator, items, height, width):
    """Image-like input: coloured noise at every scale in [0, 1], then ImageNet normalisation."""
    picture = torch.zeros(items, 3, height, width)
    for octave in range(7):
        cells = 2**octave
        shared = torch.randn(items, 1, cells, cells, generator=generator)
        colour = torch.randn(items, 3, cells, cells, generator=generator)
        noise = (0.8 * shared + 0.6 * colour) * 0.75**octave
        picture += nn.functional.interpolate(noise, size=(height, width), mode="bilinear", align_corners=False)
    picture = (0.45 + 0.17 * picture).clamp(0, 1)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    return (picture - mean) / std


@torch.no_grad()
def initialise(net, generator):
    """Weights such that few channels are dead and every residual branch matters."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            module.weight.normal_(0, math.sqrt(2 / fan_in), generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.uniform_(0.6, 1.4, generator=generator)
            module.bias.uniform_(-0.1, 0.4, generator=generator)
    for _, block in blocks(net):
        last_norm(block).weight.uniform_(0.2, 0.6, generator=generator)
    net.fc.weight.normal_(0, 1, generator=generator)
    net.fc.bias.normal_(0, 0.5, generator=generator)


@torch.no_grad()
def calibrate(net, batches):
    """Running statistics as training would leave them, then logits of standard deviation 2."""
    for norm in norms(net):
        norm.reset_running_stats()
        norm.momentum = None  # the plain average over batches
    net.train()
    for batch in batches:
        net(batch)
    for norm in norms(net):
        norm.momentum = 0.1
    net.eval()
    logits = net(batches[0]) - net.fc.bias
    net.fc.weight.mul_(2 / float(logits.std(dim=0).mean()))


def small_net(name, arch):
    generator = named_generator(name, "weights")
    net = NarrowResNet(arch)
    initialise(net, generator)
    calibrate(net, [synthetic_images(generator, 32, 64, 64) for _ in range(4)])
    return net


def small_goldens(out, source, net, mutate):
    """image-64 with stored input and full taps; odd-65x63 by formula with sampled taps."""
    images = synthetic_images(named_generator(source.net, "image-64"), 2, 64, 64)
    preprocess = "synthetic RGB in [0,1], then mean 0.485,0.456,0.406 std 0.229,0.224,0.225"
    seed, shape = named_seed(source.net, "odd-65x63"), (2, 3, 65, 63)
    odd = multiscale_input(seed, shape)
    formula = input_formula(seed, shape)
    floors = [
        make_golden(out, source, net, "image-64", images, preprocess=preprocess),
        make_golden(out, source, net, "odd-65x63", odd, formula=formula, samples=512),
    ]
    if mutate:
        mutation_score(source, net, [images, odd], floors, mutate)


def input_formula(seed, shape):
    return f"multiscale-1 seed={seed} shape={','.join(map(str, shape))}"


@torch.no_grad()
def mutation_score(source, net, inputs, floors, flips):
    """Flips the sign of `flips` random weights of each tensor: how many do the goldens notice?"""
    chooser = random.Random(SEED)
    outputs = lambda: [list(run_free(net, source.arch.head, x).values())[-1] for x in inputs]
    before = outputs()
    caught, total = [0] * (len(inputs) + 1), 0
    for module in net.modules():
        if not isinstance(module, (nn.Conv2d, nn.Linear)):
            continue
        if isinstance(module, nn.Linear) and source.arch.head == "none":
            continue
        flat = module.weight.view(-1)
        for _ in range(flips):
            index = chooser.randrange(flat.numel())
            flat[index] = -flat[index]
            seen = [
                relative_l2(y, r.double()) > TOLERANCE_K * floor for y, r, floor in zip(outputs(), before, floors)
            ]
            flat[index] = -flat[index]
            total += 1
            for i, hit in enumerate(seen + [any(seen)]):
                caught[i] += hit
    rates = " ".join(f"{100 * c / total:.1f}%" for c in caught)
    print(f"{source.net}: of {total} sign flips caught by each golden and by any: {rates}", flush=True)


def make_small(out, mutate):
    nets = {name: small_net(name, arch) for name, arch in SMALL_NETS.items()}
    for name, arch in SMALL_NETS.items():
        net = nets[name]
        state = canonical_state(net, "fc")
        if name == "resnext_wrapped":
            path = save_wrapped(out, net)
        else:
            path = save_checkpoint(out, name, state)
        source = Source(name, arch, sha256(path.read_bytes()), state)
        small_goldens(out, source, net, mutate)

    save_checkpoint(out, "resnext_small_legacy", canonical_state(nets["resnext_small"], "fc"), legacy=True)
    arch = dataclasses.replace(SMALL, head="none")
    state = canonical_state(nets["resnext_small"], "none")
    path = save_checkpoint(out, "resnext_headless", state)
    source = Source("resnext_headless", arch, sha256(path.read_bytes()), state)
    small_goldens(out, source, nets["resnext_small"], mutate)


def save_wrapped(out, net):
    """A training checkpoint of a DataParallel model, and the same model as torch.compile names it."""
    state = canonical_state(net, "fc")
    trained = copy.deepcopy(net)
    optimizer = torch.optim.SGD(trained.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    generator = named_generator("resnext_wrapped", "gradients")
    for parameter in trained.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    optimizer.step()
    checkpoint = {
        "epoch": 3,
        "arch": "x",
        "state_dict": collections.OrderedDict(("module." + k, v) for k, v in state.items()),
        "optimizer": optimizer.state_dict(),
    }
    compiled = {"model": collections.OrderedDict(("_orig_mod." + k, v) for k, v in state.items())}
    save_checkpoint(out, "resnext_compiled", compiled)
    return save_checkpoint(out, "resnext_wrapped", checkpoint)


# ---------------------------------------------------------------------------------------------
# Part 2: oddities
# ---------------------------------------------------------------------------------------------


def view_oddities():
    """Tensors whose logical values are not simply the bytes of their storage.

    torch.save refuses one storage under two dtypes, hence a clone for `negative`.
    """
    base = torch.arange(60, dtype=torch.float32).view(3, 4, 5)
    storage = torch.arange(100, 124, dtype=torch.float32)
    image = torch.arange(48, dtype=torch.float32).view(2, 3, 2, 4)
    waves = torch.complex(torch.arange(6.0), torch.arange(6.0) - 2.5).view(2, 3)
    return {
        "base": base,
        "slice": base[1:, ::2],
        "strided": base[:, 1:, 1::3],
        "transpose": base.transpose(0, 2),
        "permute": base.permute(1, 2, 0),
        "offset": base.view(-1)[7:19],
        "diagonal": base[0].diagonal(),
        "windows": storage.as_strided((5, 4), (2, 1), 3),
        "expanded": torch.arange(4, dtype=torch.int64).view(4, 1).expand(4, 8),
        "expanded_scalar": torch.tensor(2.5).expand(2, 3),
        "shared_a": storage[:12],
        "shared_b": storage[6:].view(3, 6),
        "same_a": storage,
        "same_b": storage,
        "size1_strides": storage.as_strided((1, 3, 1, 4), (99, 4, 77, 1), 2),
        "channels_last": image.contiguous(memory_format=torch.channels_last),
        "bytes_slice": torch.arange(40, dtype=torch.uint8).view(8, 5)[::3, 1:4],
        "bfloat16_transpose": torch.arange(12.0).bfloat16().view(3, 4).t(),
        "conjugate": waves.conj(),
        "negative": waves.clone().conj().imag,
        "empty": torch.empty(0),
        "empty_matrix": torch.empty(0, 5, dtype=torch.int32),
        "empty_middle": torch.empty(3, 0, 2),
        "empty_view": base[:, 2:2],
        "scalar": torch.tensor(3.25),
        "scalar_int": torch.tensor(-7),
        "scalar_view": base[1, 2, 3],
    }


def dtype_oddities():
    """Every dtype, with its special values."""
    real = [0.0, -0.0, 1.0, -1.5, math.pi, math.inf, -math.inf, math.nan, 1e-310, 5e-324, 1.5e-45, 3e38, 6e-8]
    byte_patterns = torch.arange(256, dtype=torch.uint8)
    short_patterns = torch.arange(0, 65536, 97, dtype=torch.int32).to(torch.int16)
    tensors = {
        "float64": torch.tensor(real, dtype=torch.float64),
        "float32": torch.tensor(real, dtype=torch.float32),
        "float16": short_patterns.clone().view(torch.float16),
        "bfloat16": short_patterns.clone().view(torch.bfloat16),
        "complex64": torch.complex(torch.tensor(real), torch.tensor(real[::-1])),
        "complex128": torch.complex(*(torch.tensor(v, dtype=torch.float64) for v in (real, real[::-1]))),
        "bool": torch.tensor([True, False, False, True, True]),
        "uint8": byte_patterns,
        "int8": byte_patterns.clone().view(torch.int8),
        "float8_e4m3fn": byte_patterns.clone().view(torch.float8_e4m3fn),
        "float8_e5m2": byte_patterns.clone().view(torch.float8_e5m2),
    }
    for name in ("int16", "int32", "int64", "uint16", "uint32", "uint64"):
        limits = torch.iinfo(getattr(torch, name))
        values = np.array([0, 1, 2, 77, limits.min, limits.max - 1, limits.max], dtype=name)
        tensors[name] = torch.from_numpy(values)
    return tensors


def known_to_legacy(tensors):
    """The tensors that the legacy writer accepts and that come back the same."""
    kept = {}
    for name, tensor in tensors.items():
        stream = io.BytesIO()
        try:
            torch.save(tensor, stream, _use_new_zipfile_serialization=False)
            stream.seek(0)
            back = torch.load(stream)
        except Exception as error:  # torch raises several kinds here
            print(f"dtypes_legacy: {name} left out: {str(error).splitlines()[0]}")
            continue
        if back.dtype == tensor.dtype and tensor_bytes(back) == tensor_bytes(tensor):
            kept[name] = tensor
    return kept


def nested_oddities():
    """Nesting as training scripts leave it."""
    twice = {"weight": torch.arange(6.0).view(2, 3), "note": "reached by two paths"}
    return {
        "model": collections.OrderedDict(
            a=torch.tensor([1.0, 2.0]),
            b={"c": [torch.tensor(3), (torch.tensor([4.5]), None)]},
        ),
        "scalars": {"yes": True, "no": False, "none": None, "int": -(2**40), "long": 2**70, "float": 0.1},
        "text": "d\u00e9j\u00e0 vu \u2713",
        "empty": {"dict": {}, "list": [], "tuple": (), "text": ""},
        0: torch.arange(3),
        1000: {-1: torch.arange(2, dtype=torch.int32)},
        "dotted.key": {"with space": torch.tensor([9.0])},
        "tuples": (torch.tensor([1.0]), (torch.tensor([2], dtype=torch.int16), 5, "x"), [[torch.tensor(True)]]),
        "size": torch.Size([2, 3]),
        "dtype": torch.bfloat16,
        "device": torch.device("cpu"),
        "first": twice,
        "second": twice,
        "long_list": [torch.tensor(float(i)) for i in range(20)],
    }


def parameter_oddities():
    """nn.Parameter and tensors that carry Python attributes: each has a rebuild function of its own."""
    weight = torch.arange(12.0).view(3, 4)
    attributed = torch.arange(5.0)
    attributed.note, attributed.level = "an attribute", 3
    parameter = nn.Parameter(weight[:, 1:3])
    parameter.note = "an attribute"
    return {
        "weight": nn.Parameter(weight),
        "frozen": nn.Parameter(torch.ones(2, dtype=torch.float16), requires_grad=False),
        "attributed_parameter": parameter,
        "attributed_tensor": attributed,
        "requires_grad": torch.zeros(2, requires_grad=True),
    }


def whole_module():
    generator = named_generator("whole_module")
    module = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4))
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.uniform_(0.1, 1, generator=generator)
    return module


def deflate(out, source, stem):
    """The archive packed again by a common zip tool: deflated, a directory entry first."""
    path = out / "checkpoints" / f"{stem}.pth"
    beside = path.with_name(path.name + ".part")
    with zipfile.ZipFile(out / "checkpoints" / f"{source}.pth") as old, zipfile.ZipFile(beside, "w") as new:
        new.writestr(zipfile.ZipInfo(f"{source}/"), b"")
        for entry in old.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename), old.read(entry), zipfile.ZIP_DEFLATED, 9)
    beside.replace(path)
    write_truth(out, stem)


def make_oddities(out):
    if not (out / "checkpoints" / "resnext_small.pth").exists():
        raise SystemExit("oddities re-packs checkpoints/resnext_small.pth: run with --only small first")
    views, dtypes = view_oddities(), dtype_oddities()
    save_checkpoint(out, "views", views)
    save_checkpoint(out, "views_legacy", views, legacy=True)
    save_checkpoint(out, "dtypes", dtypes)
    save_checkpoint(out, "dtypes_legacy", known_to_legacy(dtypes), legacy=True)
    save_checkpoint(out, "nested", nested_oddities())
    save_checkpoint(out, "parameter", parameter_oddities())
    save_checkpoint(out, "bare_tensor", torch.arange(24, dtype=torch.float32).view(2, 3, 4)[:, 1:])
    save_checkpoint(out, "whole_module", whole_module(), module=True)
    torch.serialization.set_crc32_options(False)
    try:
        save_checkpoint(out, "no_crc", {"weight": torch.arange(20.0), "bias": torch.arange(4).half()})
    finally:
        torch.serialization.set_crc32_options(True)
    deflate(out, "resnext_small", "resnext_small_deflated")
    print("oddities: done", flush=True)


# ---------------------------------------------------------------------------------------------
# Part 3: full-size networks by formula
# ---------------------------------------------------------------------------------------------

FORMULA_NETS = {
    "resnext50_32x4d": Arch((3, 4, 6, 3), groups=32, width_per_group=4),
    "resnext101_32x8d": Arch((3, 4, 23, 3), groups=32, width_per_group=8),
    "resnext101_64x4d": Arch((3, 4, 23, 3), groups=64, width_per_group=4),
    "resnet50": Arch((3, 4, 6, 3)),
}
IMAGES = {"image-224-a": (1, 3, 224, 224), "image-224-b": (1, 3, 224, 224)}
FORMULA_INPUTS = {name: IMAGES for name in FORMULA_NETS} | {
    "resnext50_32x4d": IMAGES | {"odd-225x223": (2, 3, 225, 223)},
}
WANTED_LOGIT_STD = 1.5


@dataclasses.dataclass(frozen=True)
class Rule:
    """How one tensor of a full-size network is made."""

    kind: str  # weight, affine or stored
    scale: float = 0.0
    offset: float = 0.0


def rules(net):
    """The rule of every floating tensor, by name, in state-dict order."""
    last = {id(last_norm(block)) for _, block in blocks(net)}
    chosen = {}
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d):
            chosen[name + ".weight"] = Rule("weight", math.sqrt(6 / module.weight[0].numel()))
        elif isinstance(module, nn.BatchNorm2d):
            gamma = Rule("affine", 0.25, 0.35) if id(module) in last else Rule("affine", 0.35, 0.65)
            chosen[name + ".weight"] = gamma
            chosen[name + ".bias"] = Rule("affine", 0.1, 0.1)
            chosen[name + ".running_mean"] = chosen[name + ".running_var"] = Rule("stored")
        elif isinstance(module, nn.Linear):
            chosen[name + ".weight"] = Rule("weight", 1.0)  # rescaled after calibration
            chosen[name + ".bias"] = Rule("affine", 0.5, 0.0)
    return {name: chosen[name] for name in net.state_dict() if not name.endswith("num_batches_tracked")}


@torch.no_grad()
def fill(net_name, net, chosen):
    """Sets every tensor that has a formula."""
    state = net.state_dict()
    for name, rule in chosen.items():
        seed, shape = named_seed(net_name, name), tuple(state[name].shape)
        if rule.kind == "weight":
            state[name].copy_(torch.from_numpy(weight_values(seed, shape, rule.scale)))
        elif rule.kind == "affine":
            state[name].copy_(torch.from_numpy(affine_values(seed, shape, rule.scale, rule.offset)))


@torch.no_grad()
def formula_net(net_name):
    """(network, rules): weights by formula, statistics from one train-mode pass over four images."""
    net = getattr(torchvision.models, net_name)(weights=None)
    chosen = rules(net)
    fill(net_name, net, chosen)
    for norm in norms(net):
        norm.reset_running_stats()
        norm.momentum = None
    images = multiscale_input(named_seed(net_name, "calibration"), (4, 3, 224, 224))
    net.train()(images)
    net.eval()
    logits = net(images) - net.fc.bias
    # Two digits, so that the scale does not hang on the last bits of the calibration.
    scale = float(f"{WANTED_LOGIT_STD / float(logits.std()):.1e}")
    chosen["fc.weight"] = Rule("weight", scale)
    fill(net_name, net, {"fc.weight": chosen["fc.weight"]})
    return net, chosen


def float_bits(value):
    return f"0x{struct.unpack('<I', struct.pack('<f', value))[0]:08x}"


def formula_record(net_name, name, tensor, rule):
    record = {"name": name, "shape": list(tensor.shape), "kind": rule.kind}
    if rule.kind != "stored":
        record["seed"] = str(named_seed(net_name, name))
        record["scale_bits"] = float_bits(rule.scale)
    if rule.kind == "affine":
        record["offset_bits"] = float_bits(rule.offset)
    return record | {"sha256": sha256(tensor_bytes(tensor))}


def make_formula(out):
    for net_name, arch in FORMULA_NETS.items():
        net, chosen = formula_net(net_name)
        state = {name: tensor for name, tensor in net.state_dict().items() if name in chosen}
        about = arch.metadata()
        numbers = {k: v if k in ("block", "head") else int(v) for k, v in about.items() if k != "layers"}
        path = out / "formula" / f"{net_name}.json"
        head = {"net": net_name, "arch": numbers | {"layers": list(arch.layers)}, "splitmix64": SPLITMIX_TEXT}
        records = json_lines(formula_record(net_name, n, t, chosen[n]) for n, t in state.items())
        write_bytes(path, (json.dumps(head)[:-1] + ',\n"tensors": ' + records + "}\n").encode())
        stats = {name: tensor for name, tensor in state.items() if chosen[name].kind == "stored"}
        write_safetensors(out / "formula" / f"{net_name}.stats.safetensors", stats)
        source = Source(net_name, arch, "formula:" + sha256(path.read_bytes()), state)
        for name, shape in FORMULA_INPUTS[net_name].items():
            seed = named_seed(net_name, name)
            x = multiscale_input(seed, shape)
            make_golden(
                out, source, net, name, x, formula=input_formula(seed, shape), samples=256, variants=BIG_VARIANTS
            )


# ---------------------------------------------------------------------------------------------
# README
# ---------------------------------------------------------------------------------------------

README_HEAD = """# Fixtures

Written by `scripts/make_fixtures.py`, this page included: do not edit by hand. No file here comes
from anybody's model; every weight is random or follows a formula, so nothing here has another license.

- `checkpoints/`: files written by `torch.save`.
- `truth/<stem>.json`: what `torch.load` finds in `checkpoints/<stem>.pth`: every tensor with its path, dtype, shape,
  stride, storage offset and the SHA-256 of its contiguous, row-major, little-endian bytes. A tensor reached by two
  paths is listed twice. For a module saved whole, `name` is its `state_dict()` name and `path` the pickled one.
- `goldens/<net>/<name>.golden.safetensors`: a forward pass: input (stored, or `input_formula`), the float64 and the
  float32 output, taps of the float64 pass, floors (the largest error of any correct float32 variant; never under 2^-24)
  and the digests of all weights. `floor.<tap>` is free-running, `floor.block.<tap>` is of that stage alone, fed by the
  float32 rounding of the reference. All floors are over whole taps, also where only samples are stored. `logits` is the
  output of `fc`; a headless network's output is `layer4`, equal to its last block's tap.
- `forms/`: one small file of each form that checkpoints come in, and `forms/truth.json`, what PyTorch finds in each;
  `strangers/`: files that are no checkpoints. Both are made by `scripts/make_form_fixtures.py`, which says more.
- `imports/`: one forward pass of `resnext_small` as other programs write it down, and every element type of ONNX; made by
  `scripts/make_import_fixtures.py`.
- `images/`: small JPEG and PNG files and what PIL, torchvision and PyTorch make of them, in `images/truth.json`; by
  `scripts/make_image_fixtures.py`, which says more.
- `families/`: a tiny checkpoint of each key family and what its own library computes with it, in `families/truth.json`; by
  `scripts/make_family_fixtures.py`, which says more.
- `format/`: the conformance corpus of `.swt`, made by `scripts/make_format_fixtures.py`; it has a page of its own.
- `truth/reduced.json`: what numpy makes of two networks by folding, casting and quantising; by `scripts/make_reduced_truth.py`.
- `truth/faults.safetensors`: what PyTorch computes of one network with known faults of ports; by `scripts/make_fault_fixtures.py`.
- `variants.json`: what timm, transformers and torchvision compute with small networks unlike torchvision's, whose weights follow
  a formula; by `scripts/make_variant_fixtures.py`.
- `formula/<net>.json`, `formula/<net>.stats.safetensors`: a full-size network: the formula for each weight, and the
  BatchNorm statistics that no formula gives. Its goldens have `source_sha256` = `formula:<SHA-256 of the .json>`, and
  `num_batches_tracked` is in none of their digests.

## How to make them again

<!-- docs: not run: it needs PyTorch, from the network -->
```sh
pip install torch==2.13.0 && pip install --no-deps torchvision==0.28.0
pip install -r scripts/requirements-fixtures.txt
python3 scripts/make_fixtures.py                  # or --only small | oddities | formula
python3 scripts/make_fixtures.py --only small --mutate 20      # also prints the mutation score
```

On one machine two runs write the same bytes. On another CPU the last bits of calibrated statistics and of floors may
differ; the committed files are the reference.

"""


def origin(path):
    """What a file is, by where it lies."""
    kind = path.parts[0]
    if kind == "truth":
        return "`torch.load` of the checkpoint of that name"
    if kind == "goldens":
        return f"golden of {path.parts[1]}"
    if kind == "formula":
        return "BatchNorm statistics" if path.suffix == ".safetensors" else "weights by formula"
    return CHECKPOINTS.get(path.stem, "checkpoint")


CHECKPOINTS = {
    "resnext_small": "ResNeXt, base 8, 8 groups, width 32, blocks 1,1,1,1; zip",
    "resnext_small_legacy": "the same state dict, legacy stream",
    "resnext_small_deflated": "resnext_small.pth packed again with deflate, a directory entry first",
    "resnext_deep": "the same widths, blocks 2,1,2,1",
    "resnext_headless": "resnext_small without fc",
    "resnet_basic": "ResNet of basic blocks, base 8, blocks 1,1,2,1",
    "resnext_wrapped": "training checkpoint: `state_dict` with `module.` prefix, SGD momentum; 4 groups",
    "resnext_compiled": "the same model under `model` with `_orig_mod.` prefix",
    "views": "slices, transposes, offsets, zero strides, shared storage, empty and rank-0 tensors",
    "views_legacy": "the same, legacy stream",
    "dtypes": "every dtype",
    "dtypes_legacy": "the dtypes the legacy stream knows",
    "nested": "dicts, lists, tuples, scalars, None, integer keys, one dict twice",
    "parameter": "parameters, a tensor with attributes",
    "bare_tensor": "a tensor and nothing around it",
    "no_crc": "written without CRC-32",
    "whole_module": "a module saved whole",
}


def write_readme(out):
    """README.md: the text above and one row for every file that is there."""
    files = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "README.md" and ".part" not in str(p)
                   and p.relative_to(out).parts[0] not in ("forms", "images", "imports", "strangers"))
    versions = f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}"
    rows = [
        f"All from seed {SEED}, {versions}, numpy {np.__version__}, on the CPU."
        f" {len(files)} files, {sum(p.stat().st_size for p in files):,} bytes.\n",
        "| File | Bytes | Origin | SHA-256 |",
        "|---|---|---|---|",
    ]
    for path in files:
        relative = path.relative_to(out)
        data = path.read_bytes()
        rows.append(f"| `{relative}` | {len(data):,} | {origin(relative)} | `{sha256(data)}` |")
    write_bytes(out / "README.md", (README_HEAD + "\n".join(rows) + "\n").encode())


def main():
    parser = argparse.ArgumentParser(description="Makes the files in Fixtures/.")
    parser.add_argument("--only", choices=list(PARTS), help="make only this part")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "Fixtures")
    parser.add_argument("--mutate", type=int, default=0, metavar="N", help="also flip N weights of each tensor")
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    for name, make in PARTS.items():
        if arguments.only in (None, name):
            make(arguments.out, arguments)
    write_readme(arguments.out)


PARTS = {
    "small": lambda out, arguments: make_small(out, arguments.mutate),
    "oddities": lambda out, arguments: make_oddities(out),
    "formula": lambda out, arguments: make_formula(out),
}


if __name__ == "__main__":
    main()
