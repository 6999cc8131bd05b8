#!/usr/bin/env python3
"""Verifies every key family: checkpoints of other libraries, converted by pth2swt without options, give their
logits.

    pip install -r Tools/fixtures/requirements-families.txt
    swift build -c release
    python3 Tools/prove/families.py [--only REGEX] [--small] [--write]

Each case builds a network in its own library, with seeded random weights and calibrated BatchNorm, saves it
as that library does, and runs

    pth2swt convert FILE -o model.swt
    pth2swt run model.swt input.npy -o output.npy

The reference is that library's forward pass in float64; the unit of the error is the relative error of its
own float32 pass. If a library is not installable (detectron2, Caffe2, self-supervised trainers), keys are
generated from torchvision's network by the renaming documented in the library's source, and the reference is
torchvision's forward pass with the library's conventions. --write writes the table to
Sources/ResNetArchitecture/ResNetArchitecture.docc/Families.md.
"""

import argparse
import collections
import dataclasses
import gc
import json
import pathlib
import pickle
import re
import subprocess
import sys
import tempfile
import time
from typing import Callable

import numpy as np
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tools/fixtures"))
from torch_compat import import_torchvision  # noqa: E402

torchvision, _KEEP = import_torchvision()
tv = torchvision.models
PAGE = ROOT / "Sources/ResNetArchitecture/ResNetArchitecture.docc/Families.md"
# Results, so that --write can combine several runs in the table.
RESULTS = ROOT / ".build/families.jsonl"
SEED = 20260101
ILL_CONDITIONED = 1e-3  # networks whose own float32 pass is less accurate prove nothing
ALLOWED = 8.0  # multiple of the library's own float32 error, the project's bound


@dataclasses.dataclass
class Case:
    family: str  # the name that pth2swt gives it
    library: str
    name: str
    build: Callable[[], nn.Module]
    # Makes the file's contents from the module; the default is its state dict.
    pack: Callable[[nn.Module], object] = lambda module: module.state_dict()
    # Computes the output, if it is not that of calling the module.
    forward: Callable[[nn.Module, torch.Tensor], torch.Tensor] = lambda module, x: module(x)
    size: int = 96
    channels: int = 3
    ending: str = "pth"
    options: tuple = ()


def calibrated(module, size, seed, forward):
    """Sets seeded weights; BatchNorms have the statistics of a batch, and neither scale 1 nor shift 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() > 1:
                fan = parameter[0].numel()
                parameter.normal_(0, (2 / fan) ** 0.5, generator=generator)
            elif name.endswith("bias"):
                parameter.uniform_(-0.2, 0.2, generator=generator)
            else:
                parameter.uniform_(0.5, 1.0, generator=generator)
        norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        # Typical variances of activations, for the first pass that measures them.
        for norm in norms:
            norm.momentum = None
            norm.reset_running_stats()
        module.train()
        for head in module.modules():
            if isinstance(head, nn.Dropout):
                head.p = 0
        half = max(size // 2, 32)
        try:
            forward(module, torch.randn(2, 3, half, half, generator=generator))
        except RuntimeError:
            # A pooling window of fixed size needs the full image size.
            for norm in norms:
                norm.reset_running_stats()
            forward(module, torch.randn(2, 3, size, size, generator=generator))
        module.eval()
        for norm in norms:
            norm.momentum = 0.1
    return module


def relative(a, b):
    return float((a.double() - b.double()).norm() / b.double().norm())


def run_case(case, tool, folder):
    """The errors of pth2swt and of the library's float32 pass relative to float64, and convert's report."""
    seed = SEED + sum(map(ord, case.name))
    module = calibrated(case.build(), case.size, seed, case.forward)
    path = folder / f"model.{case.ending}"
    packed = case.pack(module)
    if case.ending == "pkl":
        path.write_bytes(pickle.dumps(packed, protocol=2))
    elif case.ending == "safetensors":
        import safetensors.torch

        safetensors.torch.save_file({k: v.contiguous() for k, v in packed.items()}, path)
    else:
        torch.save(packed, path)
    del packed
    x = torch.randn(1, case.channels, case.size, case.size, generator=torch.Generator().manual_seed(seed + 1))
    np.save(folder / "input.npy", x.numpy())
    with torch.no_grad():
        single = case.forward(module, x)
        module.double()
        double = case.forward(module, x.double())
    del module
    gc.collect()
    model, output = folder / "model.swt", folder / "output.npy"
    converted = subprocess.run(
        [tool, "convert", path, "-o", model, "--force", "--json", *case.options], capture_output=True,
        text=True)
    path.unlink()
    if converted.returncode:
        return None, None, converted.stderr.strip()
    ran = subprocess.run([tool, "run", model, folder / "input.npy", "-o", output], capture_output=True,
                         text=True)
    model.unlink()
    if ran.returncode:
        return None, None, ran.stderr.strip()
    ours = torch.from_numpy(np.load(output))
    if ours.shape != double.shape:
        return None, None, f"the output is {tuple(ours.shape)}, expected {tuple(double.shape)}"
    summary = json.loads(converted.stdout)
    if summary["family"] != case.family:
        return None, None, f"recognized as {summary['family']}"
    return relative(ours, double), relative(single, double), summary


# ---------------------------------------------------------------------------------------------
# Replacements for networks that no package has
# ---------------------------------------------------------------------------------------------


def features(module, x):
    """torchvision's network without pooling and classifier."""
    x = module.maxpool(module.relu(module.bn1(module.conv1(x))))
    return module.layer4(module.layer3(module.layer2(module.layer1(x))))


def resnext(layers, groups, width, **options):
    return tv.ResNet(tv.resnet.Bottleneck, layers, groups=groups, width_per_group=width, **options)


def strided_on_1x1(module):
    """The stride on the convolution where the paper, Caffe and MSRA have it."""
    for block in module.modules():
        if isinstance(block, tv.resnet.Bottleneck) and block.conv2.stride != (1, 1):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)
    return module


def dilated_c5():
    """detectron2's RES5_DILATION 2: no stride in the last stage, and all its 3x3 are dilated, including the
    first."""
    module = strided_on_1x1(tv.resnet50(replace_stride_with_dilation=[False, False, True]))
    for block in module.layer4:
        block.conv2.dilation = block.conv2.padding = (2, 2)
    return module


def renamed(state, rules, drop=r"$^"):
    """A state dict with regular expressions applied to its keys, one after another."""
    result = collections.OrderedDict()
    for key, value in state.items():
        if re.search(drop, key):
            continue
        for pattern, text in rules:
            key = re.sub(pattern, text, key)
        assert key not in result, key
        result[key] = value
    return result


STAGES = [(rf"^layer{n}\.", f"res{n + 1}.") for n in (1, 2, 3, 4)]
DETECTRON2 = STAGES + [
    (r"^(conv1|bn1)\.", r"stem.\1."), (r"\bbn(\d)\.", r"conv\1.norm."), (r"downsample\.0\.", "shortcut."),
    (r"downsample\.1\.", "shortcut.norm."), (r"^fc\.", "linear."),
]


def detectron2(prefix, head=False, c4=False):
    def pack(module):
        drop = r"num_batches_tracked" if head else r"num_batches_tracked|^fc\."
        state = renamed(module.state_dict(), DETECTRON2 + [(r"^", prefix)], drop)
        if c4:
            state = renamed(state, [(rf"^{re.escape(prefix)}res5\.", "roi_heads.res5.")])
            state["roi_heads.box_predictor.cls_score.weight"] = torch.zeros(81, 2048)
            state["proposal_generator.rpn_head.conv.weight"] = torch.zeros(8, 1024, 3, 3)
        elif "bottom_up" in prefix:
            state["backbone.fpn_lateral2.weight"] = torch.zeros(8, 256, 1, 1)
            state["roi_heads.box_head.fc1.weight"] = torch.zeros(8, 64)
        return {"model": state, "iteration": 1} if prefix else state

    return pack


def detectron2_import(module):
    """As tools/convert-torchvision-to-d2.py: numpy in a pickle, `stem.` before all keys outside the
    stages."""
    rules = [(r"^(?!layer)", "stem.")] + STAGES + [
        (r"\bbn(\d)\.", r"conv\1.norm."), (r"downsample\.0", "shortcut"), (r"downsample\.1", "shortcut.norm")]
    state = renamed(module.state_dict(), rules)
    return {"model": {k: v.numpy() for k, v in state.items()}, "__author__": "torchvision",
            "matching_heuristics": True}


def caffe2(classifier):
    def pack(module):
        """BatchNorm as scale and shift that include the statistics, as in Detectron's
        tools/pickle_caffe_blobs.py."""
        blobs, modules = {}, dict(module.named_modules())
        names = {"conv1": "branch2a", "conv2": "branch2b", "conv3": "branch2c", "downsample.0": "branch1"}
        for name, conv in modules.items():
            if not isinstance(conv, nn.Conv2d):
                continue
            norm = modules[re.sub(r"downsample\.0$", "downsample.1", re.sub(r"conv(\d)$", r"bn\1", name))]
            match = re.match(r"layer(\d)\.(\d+)\.(.+)", name)
            base = f"res{int(match[1]) + 1}_{match[2]}_{names[match[3]]}" if match else "conv1"
            blobs[base + "_w"] = conv.weight.detach().numpy()
            blobs[base + "_w_momentum"] = np.zeros(1, np.float32)
            # The remaining BatchNorm is exact in float32, so the reference is the same function.
            scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
            shift = (norm.bias - norm.running_mean * scale).detach()
            norm.weight.data, norm.bias.data = scale, shift
            norm.running_mean.zero_()
            norm.running_var.fill_(1).sub_(1e-5)
            bn = base + "_bn" if match else "res_conv1_bn"
            blobs[bn + "_s"], blobs[bn + "_b"] = scale.numpy().copy(), shift.numpy().copy()
        blobs["conv1_b"] = np.zeros(64, np.float32)
        blobs[classifier + "_w"] = module.fc.weight.detach().numpy()
        blobs[classifier + "_b"] = module.fc.bias.detach().numpy()
        return {"blobs": blobs, "cfg": "MODEL: {}\n"}

    return pack


class KuangliuResNet(nn.Module):
    """torchvision's ResNet-18 with a 3x3 stem and no pooling, as in kuangliu/pytorch-cifar."""

    def __init__(self):
        super().__init__()
        self.body = tv.resnet18(num_classes=10)
        self.body.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.body.maxpool = nn.Identity()

    def forward(self, x):
        return self.body(x)


def wrapped(*layers):
    """Wraps a state dict in dicts and prefixes, innermost first: `module.` is a prefix, `state_dict` a
    key."""

    def pack(module):
        value = module.state_dict()
        for layer in layers:
            if callable(layer):
                value = layer(value)
            elif layer.endswith("."):
                value = collections.OrderedDict((layer + key, tensor) for key, tensor in value.items())
            else:
                value = {"epoch": 90, layer: value,
                         "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(4)}}}}
        return value

    return pack


def moco(module):
    state = module.state_dict()
    body = {k: v for k, v in state.items() if not k.startswith("fc.")}
    full = collections.OrderedDict((f"module.encoder_q.{k}", v) for k, v in body.items())
    full.update((f"module.encoder_k.{k}", torch.zeros_like(v)) for k, v in body.items())
    for encoder in ("encoder_q", "encoder_k"):
        for n in (0, 2):
            full[f"module.{encoder}.fc.{n}.weight"] = torch.zeros(8, 8)
            full[f"module.{encoder}.fc.{n}.bias"] = torch.zeros(8)
    full["module.queue"], full["module.queue_ptr"] = torch.zeros(8, 16), torch.zeros(1, dtype=torch.long)
    return {"epoch": 200, "arch": "resnet50", "state_dict": full, "optimizer": {}}


def dino(module):
    def one(prefix, scale):
        body = {f"{prefix}backbone.{k}": v * scale for k,
                v in module.state_dict().items() if not k.startswith("fc.")}
        return {**body, f"{prefix}head.mlp.0.weight": torch.zeros(8, 32),
                f"{prefix}head.last_layer.weight_g": torch.zeros(8, 1)}

    return {"student": one("module.", 0), "teacher": one("", 1), "epoch": 100}


# ---------------------------------------------------------------------------------------------
# The cases
# ---------------------------------------------------------------------------------------------


def torchvision_cases():
    library = f"torchvision {torchvision.__version__.split('+')[0]}"
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
                 "resnext101_32x8d",
                 "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"):
        yield Case("torchvision", library, name, lambda name=name: getattr(tv, name)())
    for name, layers, width in (
        ("resnext101_32x4d", [3, 4, 23, 3], 4), ("resnext152_32x4d", [3, 8, 36, 3], 4),
        ("resnext101_32x16d", [3, 4, 23, 3], 16),
        ("resnext101_32x32d", [3, 4, 23, 3], 32), ("resnext101_32x48d", [3, 4, 23, 3], 48)):
        yield Case("torchvision", library, name, lambda a=layers, w=width: resnext(a, 32, w))
    yield Case("torchvision", library, "resnext_2-1-2-1_16x8d", lambda: resnext([2, 1, 2, 1], 16, 8))
    yield Case("torchvision", library, "resnet34, 5 classes", lambda: tv.resnet34(num_classes=5))
    no_head = lambda m: {k: v for k, v in m.state_dict().items() if not k.startswith("fc.")}
    yield Case("torchvision", library, "resnext50_32x4d, include_top=False", tv.resnext50_32x4d, no_head,
               features)
    for name, size in (("fcn_resnet50", 96), ("deeplabv3_resnet101", 96)):
        build = lambda name=name: getattr(tv.segmentation, name)(weights=None, weights_backbone=None,
            aux_loss=True)
        yield Case("torchvision", library, f"{name} (encoder)", build, forward=lambda m,
                   x: m.backbone(x)["out"], size=size)
    detector = lambda: tv.detection.fasterrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None)
    yield Case("torchvision", library, "fasterrcnn_resnet50_fpn_v2 (encoder)", detector, forward=lambda m,
               x: m.backbone.body(x)["3"])
    for layers in (["module."], ["module.", "state_dict"], ["_orig_mod.", "module.", "model"],
                   ["model.", "state_dict"],
                   ["backbone.", "model.", "state_dict"], ["module.", "_orig_mod.", "net."], ["encoder."]):
        yield Case("torchvision", library, "resnet18 as " + " in ".join(f"`{x}`" for x in layers),
                   tv.resnet18, wrapped(*layers), size=64)
    both = lambda state: {"state_dict": state,
                          "state_dict_ema": {k: torch.zeros_like(v) for k, v in state.items()}}
    yield Case("torchvision", library, "resnet18 as `state_dict` beside `state_dict_ema`", tv.resnet18,
               wrapped(both), size=64)
    children = lambda m: nn.Sequential(*list(m.children())[:-1]).state_dict()
    yield Case("torchvision's children", library, "resnet50", tv.resnet50, children, features, size=64)


def timm_cases():
    import timm

    names = subprocess_published(timm)
    for name in names:
        yield Case("torchvision", f"timm {timm.__version__}", name, lambda name=name: timm.create_model(name),
                   size=64 if "200" in name else 96)


def subprocess_published(timm):
    """timm's networks that Architecture.published has under timm's names."""
    text = (ROOT / "Sources/ResNetArchitecture/PublishedArchitectures.swift").read_text()
    part = text[text.index("static let timm"):text.index("static let cifar")]
    return [name for name in re.findall(r'\("([a-z0-9_]+)"', part) if name in timm.list_models()]


def huggingface_cases():
    import transformers
    from transformers import ResNetConfig, ResNetForImageClassification, ResNetModel

    library = f"transformers {transformers.__version__}"
    logits = lambda m, x: m(x).logits
    for name, kind, depths, sizes in (
        ("resnet18", "basic", [2, 2, 2, 2], [64, 128, 256, 512]),
        ("resnet34", "basic", [3, 4, 6, 3], [64, 128, 256, 512]),
        ("resnet50", "bottleneck", [3, 4, 6, 3], [256, 512, 1024, 2048]),
        ("resnet101", "bottleneck", [3, 4, 23, 3], [256, 512, 1024, 2048]),
        ("resnet152", "bottleneck", [3, 8, 36, 3], [256, 512, 1024, 2048])):
        config = dict(layer_type=kind, depths=depths, hidden_sizes=sizes, num_labels=1000)
        yield Case("Hugging Face", library, name,
                   lambda c=config: ResNetForImageClassification(ResNetConfig(**c)),
                   forward=logits, ending="safetensors")
    config = dict(layer_type="bottleneck", depths=[3, 4, 6, 3], hidden_sizes=[256, 512, 1024, 2048])
    yield Case("Hugging Face", library, "resnet50, ResNetModel", lambda: ResNetModel(ResNetConfig(**config)),
               forward=lambda m, x: m(x).last_hidden_state)
    yield Case("Hugging Face", library, "resnet50, downsample_in_bottleneck",
               lambda: ResNetForImageClassification(ResNetConfig(**config, num_labels=7,
                   downsample_in_bottleneck=True)),
               forward=logits, options=("--stride-on", "1x1"))


def cadene_cases():
    import pretrainedmodels

    library = f"pretrainedmodels {pretrainedmodels.__version__}"
    for name in ("resnext101_32x4d", "resnext101_64x4d"):
        # Its pooling is 7x7, so it needs images of 224.
        yield Case("Cadene", library, name, lambda name=name: getattr(pretrainedmodels,
            name)(pretrained=None), size=224)
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"):
        yield Case("Cadene's torchvision", library, name,
                   lambda name=name: getattr(pretrainedmodels, name)(pretrained=None))


def mmpretrain_cases():
    import warnings

    warnings.simplefilter("ignore")
    import mmpretrain
    from mmpretrain.models import build_classifier

    library = f"mmpretrain {mmpretrain.__version__}"

    def classifier(kind, depth, **options):
        width = 512 if depth in (18, 34) else 2048
        head = dict(type="LinearClsHead", num_classes=1000, in_channels=width)
        return build_classifier(dict(
            type="ImageClassifier", backbone=dict(type=kind, depth=depth, **options),
            neck=dict(type="GlobalAveragePooling"), head=head))

    pack = lambda m: {"meta": {"epoch": 100}, "state_dict": m.state_dict(), "optimizer": {}}
    cases = [("resnet%d" % d, ("ResNet", d), {}) for d in (18, 34, 50, 101, 152)]
    cases += [("resnetv1c50", ("ResNetV1c", 50), {})]
    cases += [("resnetv1d%d" % d, ("ResNetV1d", d), {}) for d in (50, 101, 152)]
    cases += [(f"resnext{d}_32x4d", ("ResNeXt", d), dict(groups=32, width_per_group=4))
              for d in (50, 101, 152)]
    cases += [("resnext101_32x8d", ("ResNeXt", 101), dict(groups=32, width_per_group=8))]
    cases += [("seresnet%d" % d, ("SEResNet", d), {}) for d in (50, 101)]
    cases += [("seresnext50_32x4d", ("SEResNeXt", 50), dict(groups=32, width_per_group=4))]
    for name, (kind, depth), options in cases:
        yield Case("mmpretrain", library, name, lambda k=kind, d=depth, o=options: classifier(k, d, **o),
                   pack,
                   lambda m, x: m.head(m.extract_feat(x)))
    yield Case("mmpretrain", library, "resnet50, style='caffe'",
               lambda: classifier("ResNet", 50, style="caffe"), pack,
               lambda m, x: m.head(m.extract_feat(x)), options=("--stride-on", "1x1"))


def generated_cases():
    v1 = lambda: strided_on_1x1(tv.resnet50())
    v1_101 = lambda: strided_on_1x1(tv.resnet101())
    library = "generated keys, torchvision's forward"
    yield Case("detectron2", library, "R-50, C4", v1, detectron2("backbone.", c4=True), features)
    yield Case("detectron2", library, "R-50, FPN", v1, detectron2("backbone.bottom_up."), features)
    yield Case("detectron2", library, "R-101, FPN", v1_101, detectron2("backbone.bottom_up."), features)
    yield Case("detectron2", library, "X-101-32x8d, FPN", tv.resnext101_32x8d,
               detectron2("backbone.bottom_up."), features)
    yield Case("detectron2", library, "R-50, DC5", dilated_c5, detectron2("backbone."), features,
               options=("--dilation", "1,1,1,2"))
    yield Case("detectron2", library, "R-50 with classifier", v1, detectron2("", head=True))
    yield Case("detectron2's torchvision", library, "R-50", tv.resnet50, detectron2_import, ending="pkl")
    yield Case("Caffe2 Detectron", library, "R-50 (MSRA)", v1, caffe2("fc1000"), ending="pkl")
    yield Case("Caffe2 Detectron", library, "X-101-32x8d (Facebook)", tv.resnext101_32x8d, caffe2("pred"),
               ending="pkl")
    yield Case("MoCo", library, "resnet50, v2", tv.resnet50, moco, features)
    yield Case("DINO", library, "resnet50, teacher and student", tv.resnet50, dino, features)
    shortcut = lambda m: {"net": renamed(m.body.state_dict(),
                                         [(r"downsample", "shortcut"), (r"^fc\.", "linear."),
                                          (r"^", "module.")])}
    yield Case("CIFAR", library, "kuangliu's resnet18", KuangliuResNet, shortcut, size=32)


GROUPS = [torchvision_cases, timm_cases, huggingface_cases, cadene_cases, mmpretrain_cases, generated_cases]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=pathlib.Path, default=ROOT / ".build/release/pth2swt")
    parser.add_argument("--only", default="", help="cases whose family, library or name matches")
    parser.add_argument("--small", action="store_true",
                        help="omit networks with more than 100 million parameters")
    parser.add_argument("--write", action="store_true", help=f"write the table to {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    proven, failures = 0, 0
    cases = []
    for group in GROUPS:
        try:
            cases += list(group())
        except ImportError as error:
            print(f"{group.__name__}: not installed ({error})", file=sys.stderr)
    # The larger ones last, so that most results come soon.
    cases.sort(key=lambda case: bool(re.search("101|152|200|wide", case.name)))
    for case in cases:
        label = f"{case.family} | {case.library} | {case.name}"
        large = re.search(r"32x(16|32|48)d|wide_resnet101", case.name)
        if not re.search(arguments.only, label) or (arguments.small and large):
            continue
        start = time.time()
        with tempfile.TemporaryDirectory() as folder:
            error, floor, summary = run_case(case, arguments.tool, pathlib.Path(folder))
        if error is not None and floor > ILL_CONDITIONED:
            print(f"none {label}: its own float32 error is {floor:.1e}, which proves nothing", flush=True)
            continue
        if error is None or not error <= ALLOWED * floor:
            failures += 1
            print(f"FAIL {label}: {summary if error is None else f'{error / floor:.2f} times the floor'}",
                  flush=True)
            continue
        proven += 1
        row = [case.family, case.library, case.name, summary["architecture"], error, floor,
               " ".join(case.options)]
        with RESULTS.open("a") as results:
            results.write(json.dumps(row) + "\n")
        print(
              f"ok   {label}: {summary['architecture']}, {error:.1e} = {error / floor:.2f} floors, "
              f"{time.time() - start:.1f} s", flush=True)
    if arguments.write:
        write([json.loads(line) for line in RESULTS.read_text().splitlines()])
    print(f"{proven} proven, {failures} failed")
    sys.exit(1 if failures else 0)


def write(rows):
    """Replaces the text between the page's markers; the later of two results for a case counts."""
    rows = sorted({tuple(row[:3]): row for row in rows}.values(), key=lambda row: row[:2])
    lines = ["| family | library | network | read as | error | in floors |", "|---|---|---|---|---|---|"]
    for family, library, name, architecture, error, floor, options in rows:
        remark = f" (`{options}`)" if options else ""
        lines.append(
            f"| {family} | {library} | {name}{remark} | {architecture} | {error:.1e} | "
            f"{error / floor:.2f} |")
    text = PAGE.read_text()
    begin, end = "<!-- table: begin -->\n", "<!-- table: end -->"
    head, rest = text.split(begin)
    PAGE.write_text(head + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1])


if __name__ == "__main__":
    main()
