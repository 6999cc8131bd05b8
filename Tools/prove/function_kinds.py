"""Proves every kind of checkpoint whose function is easily mistaken: the same function, or refused by its cause.

Each kind is a small network made by torch, torchvision, timm or segmentation_models_pytorch, saved in the forms in
which people have it, converted, run, and compared with PyTorch's float64 result.

    python Tools/prove/function_kinds.py .build/release/pth2swt [--only A1] [--markdown]

Needs torch 2.13, torchvision 0.28, timm 1.0.31 and segmentation_models_pytorch 0.6.0; prints a line per case that is
not as expected, and a table. Exit 1 if one is not.
"""

import argparse
import collections
import copy
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import warnings

import numpy as np
import torch
import torch.nn as nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fixtures"))
import torch_compat
from own_networks import Usual

torch_compat.import_torchvision()
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

CASES = []
SAFETENSORS = "safetensors"


class Case:
    """A network in a file, and what has to become of it.

    `truth` is the module whose output counts (None: only the refusal or the statements count), `refusal` a pattern of
    the message, `states` what the conventions must say with their witness, `notes` a pattern of standard error,
    `exact` whether the output must be the module's to the last bit.
    """

    def __init__(self, kind, name, content, truth=None, options=(), refusal=None, states=None, notes=None, form="pth",
                 size=64, channels=3, strict=None, exact=False):
        self.kind, self.name, self.content, self.truth, self.options = kind, name, content, truth, list(options)
        self.refusal, self.states, self.notes, self.form = refusal, states or {}, notes, form
        self.size, self.channels, self.strict, self.exact = size, channels, strict, exact


def kind(name):
    """Registers a maker of cases, each of which is made only when it is run."""
    def register(maker):
        CASES.append((name, maker))
        return maker
    return register


def calibrated(model, size=64, channels=3):
    model.train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(4, channels, size, size))
    return model.eval()


def net(classes=10, block=Bottleneck, layers=(1, 1, 1, 1), change=None, channels=3, **keywords):
    torch.manual_seed(0)
    if block is Bottleneck:
        keywords = dict(groups=8, width_per_group=8) | keywords
    model = ResNet(block, list(layers), num_classes=classes, **keywords)
    if change:
        change(model)
    return calibrated(model, 64, channels)


def stem(kernel=3, stride=1, padding=1, pool=True, **keywords):
    def change(model):
        model.conv1 = nn.Conv2d(keywords.get("channels", 3), 64, kernel, stride, padding, bias=False)
        if not pool:
            model.maxpool = nn.Identity()
    return net(change=change, **keywords)


EPSILON = functools.partial(nn.BatchNorm2d, eps=1e-3)


def conv1_strides(m):
    for stage in (m.layer2, m.layer3, m.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)


def last_stride(m):
    m.layer4[0].conv2.stride = m.layer4[0].downsample[0].stride = (1, 1)


def setting(path, name, value):
    return lambda m: setattr(m.get_submodule(path), name, value)


def replacing(kind, new):
    def change(model):
        for module in list(model.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, kind):
                    setattr(module, name, new(child))
    return change


FORMS = ("whole", "script", "trace", "pt2")


@kind("A1")
def stated_by_the_file():
    conventions = {
        "epsilon": dict(norm_layer=EPSILON),
        "dilation": dict(replace_stride_with_dilation=[False, True, True]),
        "ceil_mode": dict(change=setting("", "maxpool", nn.MaxPool2d(3, 2, 0, ceil_mode=True))),
        "no max pooling": dict(change=setting("", "maxpool", nn.Identity())),
        "strides on conv1": dict(change=conv1_strides),
        "last stride": dict(change=last_stride),
        "stem of stride 1": dict(change=setting("conv1", "stride", (1, 1))),
        "maximum as final pooling": dict(change=setting("", "avgpool", nn.AdaptiveMaxPool2d(1))),
        "two blocks, dilated": dict(layers=(2, 2, 2, 2), replace_stride_with_dilation=[False, False, True]),
        "basic": dict(block=BasicBlock, norm_layer=EPSILON),
        "average after the stem": dict(change=setting("", "maxpool", nn.AvgPool2d(2, 2))),
        "dropout before fc": dict(change=lambda m: setattr(m, "fc", nn.Sequential(nn.Dropout(0.5), nn.Linear(m.fc.in_features, 10)))),
        "epsilon of one layer": dict(change=setting("layer3.0.bn2", "eps", 0.01)),
        "leaky of slope 0": None,
    }
    for name, keywords in conventions.items():
        if keywords is None:
            continue
        for form in FORMS:
            model = net(**keywords)
            yield Case("A1", name, model, model, form=form, strict=True)
    refused = {
        "SiLU": (replacing(nn.ReLU, lambda _: nn.SiLU()), r"SiLU|silu"),
        "GELU": (replacing(nn.ReLU, lambda _: nn.GELU()), r"GELU|gelu"),
        "ReLU6": (replacing(nn.ReLU, lambda _: nn.ReLU6()), r"ReLU6|hardtanh|relu6"),
        "LeakyReLU": (replacing(nn.ReLU, lambda _: nn.LeakyReLU(0.1)), r"LeakyReLU|leaky_relu"),
        "reflect": (setting("conv1", "padding_mode", "reflect"), r"reflect|pad"),
        "circular in layer2": (setting("layer2.0.conv2", "padding_mode", "circular"), r"circular|pad"),
        "softmax as head": (lambda m: setattr(m, "fc", nn.Sequential(m.fc, nn.Softmax(1))), r"[Ss]oftmax"),
        "GroupNorm": (replacing(nn.BatchNorm2d, lambda n: nn.GroupNorm(1, n.num_features)), r"GroupNorm|group_norm"),
        "InstanceNorm": (replacing(nn.BatchNorm2d, lambda n: nn.InstanceNorm2d(n.num_features, affine=True, track_running_stats=True)), r"InstanceNorm|instance_norm"),
        "two by two": (setting("", "avgpool", nn.AdaptiveAvgPool2d(2)), r"."),
        "pooling inside a block": (lambda m: setattr(m.layer3[0], "relu", nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 1, 1))), r"pool"),
        "rectangular": (lambda m: setattr(m.layer2[0].conv2, "stride", (2, 1)) or setattr(m.layer2[0].downsample[0], "stride", (2, 1)), r"layer2\.0"),
    }
    for name, (change, refusal) in refused.items():
        for form in FORMS:
            if name == "two by two":
                def change(m):
                    m.avgpool = nn.AdaptiveAvgPool2d(2)
                    m.fc = nn.Linear(4 * m.fc.in_features, 10)
            yield Case("A1", name, net(change=change), refusal=refusal, form=form)


@kind("A2")
def stems_of_3x3():
    for stride, padding, pool in [(2, 1, True), (1, 1, True), (1, 2, False), (1, 1, False)]:
        model = stem(3, stride, padding, pool)
        name = f"3x3/{stride}/{padding}{'' if pool else ' without pooling'}"
        options = ["--stem", f"3x3/{stride}/{padding}", "--pool", "3x3/2/1" if pool else "none"]
        yield Case("A2", name + ", options", model.state_dict(), model, options, states={"stem": "option", "pool": "option"})
        yield Case("A2", name, model, model, form="whole", strict=False)
        yield Case("A2", name + ", strict", model.state_dict(), options=["--strict"], refusal="stem 3x3/1/1.*pool none|stem.*assumed")
        yield Case("A2", name + ", open", model.state_dict(), states={"stem": "assumed", "pool": "assumed"})


@kind("A3")
def dilated_first_blocks():
    import segmentation_models_pytorch as smp
    for name, maker, first in [
        ("DeepLabV3Plus", lambda: smp.DeepLabV3Plus("resnet18", encoder_weights=None, classes=2), "1,1,1,2"),
        ("DeepLabV3", lambda: smp.DeepLabV3("resnet18", encoder_weights=None, classes=2), "1,1,2,4"),
        ("DeepLabV3Plus of resnext50", lambda: smp.DeepLabV3Plus("resnext50_32x4d", encoder_weights=None, classes=2), "1,1,1,2"),
        ("DeepLabV3Plus of resnet34 with output stride 8",
         lambda: smp.DeepLabV3Plus("resnet34", encoder_weights=None, classes=2, encoder_output_stride=8), "1,1,2,4"),
        ("PAN", lambda: smp.PAN("resnet18", encoder_weights=None, classes=2), "1,1,1,2"),
    ]:
        torch.manual_seed(0)
        model = calibrated(maker(), 128)
        encoder = Last(model.encoder)
        options = ["--dilation", first, "--first-dilation", first]
        yield Case("A3", name, model.state_dict(), encoder, options,
                   states={"dilations": "option", "first_dilations": "option"})
        yield Case("A3", name + ", strict", model.state_dict(), options=["--strict"], refusal="dilations")
        if "8" not in name:
            yield Case("A3", name + ", open", model.state_dict(), encoder, states={"dilations": "assumed"})
        yield Case("A3", name + ", whole", model, encoder, form="whole")


class Last(nn.Module):
    """The last feature map of an encoder that returns several."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        return self.encoder(x)[-1]


class Features(nn.Module):
    """A ResNet without its head."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        m = self.model
        return m.layer4(m.layer3(m.layer2(m.layer1(m.maxpool(m.relu(m.bn1(m.conv1(x))))))))


def backbone(model, prefix):
    return {prefix + k: v for k, v in model.state_dict().items() if not k.startswith("fc.")}


@kind("A4")
def output_strides_in_arguments():
    for dilation in (True, False):
        model = net(replace_stride_with_dilation=[False, False, dilation])
        q = backbone(model, "backbone.0.body.")
        q["class_embed.weight"], q["query_embed.weight"] = torch.randn(92, 8), torch.randn(10, 8)
        for form, args in [("Namespace", argparse.Namespace(dilation=dilation, backbone="resnet50")),
                           ("dict", dict(dilation=dilation, backbone="resnet50"))]:
            yield Case("A4", f"DETR, dilation {dilation}, {form}", {"model": q, "args": args}, Features(model),
                       states={"dilations": "file", "strides": "file"})
            yield Case("A4", f"DETR, dilation {dilation}, {form}, contradicted", {"model": q, "args": args},
                       options=["--dilation", "1,1,2,4"], refusal="file|state")
    for name, config, keywords in [
        ("mmseg", "model = dict(\n    type='EncoderDecoder',\n    backbone=dict(\n        type='ResNet', depth=50, dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1),\n        norm_cfg=dict(type='SyncBN', requires_grad=True), style='pytorch', contract_dilation=True),\n    decode_head=dict(type='PSPHead'))\n",
         dict(replace_stride_with_dilation=[False, True, True])),
        ("mmseg, own first dilation", "model = dict(backbone=dict(type='ResNet', depth=50, dilations=(1, 1, 1, 2), strides=(1, 2, 2, 1), style='pytorch'))\n",
         dict(replace_stride_with_dilation=[False, False, True],
              change=lambda m: (setattr(m.layer4[0].conv2, "dilation", (2, 2)), setattr(m.layer4[0].conv2, "padding", (2, 2))))),
        ("mmseg, caffe", "model = dict(backbone=dict(depth=50, style='caffe', type='ResNet'))\n", dict(change=conv1_strides)),
    ]:
        model = net(**keywords)
        q = backbone(model, "backbone.")
        q["decode_head.conv_seg.weight"] = torch.randn(19, 256, 1, 1)
        yield Case("A4", name, {"state_dict": q, "meta": {"config": config}}, Features(model),
                   states={"dilations": "file", "strides": "file", "stride_on": "file"})


@kind("A5")
def antialiased():
    import timm
    for name in ["resnetaa34d", "resnetaa50", "resnetaa50d", "resnetaa101d", "seresnextaa101d_32x8d", "resnetblur18",
                 "resnetblur50", "resnetblur50d", "seresnetaa50d", "seresnextaa201d_32x8d"]:
        size = 96
        torch.manual_seed(0)
        keywords = {} if name.endswith(("34d", "18", "50", "50d")) else dict(layers=(1, 2, 1, 1))
        try:
            model = timm.create_model(name, **keywords)
        except Exception as error:  # a name that this timm does not have
            print(name, error)
            continue
        calibrated(model, size)
        if keywords:
            yield Case("A5", name + ", shortened, whole", model, model, form="whole", size=size)
            continue
        yield Case("A5", name, model.state_dict(), model, ["--arch", name], form=SAFETENSORS, size=size)
        yield Case("A5", name + ", whole", model, model, form="whole", size=size, strict=True)
        yield Case("A5", name + ", strict", model.state_dict(), options=["--strict"], refusal="assum", form=SAFETENSORS)
        for record in ({"arch": name}, {"args": argparse.Namespace(model=name)}, {"arch": name, "args": {"model": name}}):
            yield Case("A5", f"{name}, timm's {'+'.join(record)}", {"state_dict": model.state_dict(), "epoch": 3} | record, model, size=size)


@kind("A6")
def last_stride_1():
    model = net(change=last_stride)
    q = {"base." + k: v for k, v in model.state_dict().items() if not k.startswith("fc.")}
    q["classifier.weight"] = torch.randn(751, 2048)
    q |= {"bottleneck." + k: torch.rand(2048) for k in ("weight", "bias", "running_mean", "running_var")}
    yield Case("A6", "re-identification", q, Features(model), ["--head", "none", "--strides", "1,2,2,1"], states={"strides": "option"})
    yield Case("A6", "re-identification, strict", q, options=["--head", "none", "--strict"], refusal="strides")
    yield Case("A6", "re-identification, auto", q, refusal="bottleneck")
    yield Case("A6", "state dict", model.state_dict(), model, ["--strides", "1,2,2,1"])


@kind("A8")
def heads_elsewhere():
    names = dict(conv1="0", bn1="1", layer1="4", layer2="5", layer3="6", layer4="7")
    model = net()
    s = model.state_dict()
    children = {"features." + names[k.split(".")[0]] + k[k.index("."):]: v for k, v in s.items() if not k.startswith("fc.")}
    for head in ["fc", "out", "output", "clf", "logit", "dense", "new_fc", "fc1", "classifier.fc", "heads.0", "head",
                 "classifier", "linear", "classifier.1", "cls", "last_linear", "_fc"]:
        own = {f"{head}.weight": s["fc.weight"], f"{head}.bias": s["fc.bias"]}
        yield Case("A8", f"{head}, children", children | own, model, states={"head": "file"})
        yield Case("A8", f"{head}, wrapped", backbone(model, "backbone.") | own, model, states={"head": "file"})
        yield Case("A8", f"{head}, instead of fc", {k: v for k, v in s.items() if not k.startswith("fc.")} | own, model)


class Normalize(nn.Module):
    def __init__(self, scale=1, shape=(1, 3, 1, 1)):
        super().__init__()
        self.register_buffer("mean", scale * torch.tensor([.45, .44, .40]).reshape(shape))
        self.register_buffer("std", scale * torch.tensor([.22, .23, .24]).reshape(shape))

    def forward(self, x):
        return (x - self.mean) / self.std


@kind("A9")
def normalization_inside():
    for name, shape in [("[1,3,1,1]", (1, 3, 1, 1)), ("[3,1,1]", (3, 1, 1))]:
        model = net()
        yield Case("A9", f"buffers {name}", nn.Sequential(Normalize(1, shape), model).state_dict(), model,
                   states={"normalization": "file"})
        yield Case("A9", f"buffers {name}, whole", nn.Sequential(Normalize(1, shape), model), model, form="whole",
                   states={"normalization": "file"})
    model = net()
    wrapped = OwnNormalize(model)
    for form in FORMS:
        yield Case("A9", "a class of its own", wrapped, model, form=form, states={"normalization": "file"})


class OwnNormalize(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor([.45, .44, .40]).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([.22, .23, .24]).reshape(1, 3, 1, 1))

    def forward(self, x):
        return self.model((x - self.mean) / self.std)


@kind("C1")
def not_channels_last():
    s = stem().state_dict()
    del s["layer3.0.bn2.weight"]
    yield Case("C1", "a BatchNorm without scale", s, refusal=r"(?s)^(?!.*channels come last).*layer3\.0\.bn2\.weight")
    s = stem().state_dict()
    s["fc.1.weight"], s["fc.1.bias"] = s.pop("fc.weight"), s.pop("fc.bias")
    yield Case("C1", "fc.1", s, stem(), ["--pool", "3x3/2/1"])
    s = stem().state_dict() | {"fc2.weight": torch.randn(5, 2048), "fc2.bias": torch.randn(5)}
    yield Case("C1", "an extra head", s, refusal=r"(?s)^(?!.*channels come last).*fc2")
    s = stem().state_dict()
    s = {k: v.permute(0, 2, 3, 1).contiguous() if v.dim() == 4 else v for k, v in s.items()}
    yield Case("C1", "channels that do come last", s, refusal="channels")
    s = net().state_dict()
    s = {k: v.permute(0, 2, 3, 1).contiguous() if v.dim() == 4 else v for k, v in s.items()}
    yield Case("C1", "channels that do come last, 7x7", s, refusal="channels come last")


@kind("C2")
def decoders():
    import segmentation_models_pytorch as smp
    for name in ("resnet18", "resnet50"):
        for channels in (1, 3):
            torch.manual_seed(0)
            model = calibrated(smp.Unet(name, encoder_weights=None, in_channels=channels, classes=2), channels=channels)
            yield Case("C2", f"Unet of {name}, {channels} channels", model.state_dict(), Last(model.encoder), channels=channels)
    for maker in (smp.FPN, smp.Linknet, smp.PSPNet, smp.UnetPlusPlus, smp.MAnet):
        torch.manual_seed(0)
        model = calibrated(maker("resnet18", encoder_weights=None, classes=2))
        truth = Last(model.encoder)
        if maker is smp.PSPNet:
            # The encoder of depth 3 does not use layer3 and layer4, which are in the file.
            truth = None
        yield Case("C2", f"{maker.__name__} of resnet18", model.state_dict(), truth)
    for name in ("se_resnext50_32x4d", "se_resnet50"):
        torch.manual_seed(0)
        model = calibrated(smp.Unet(name, encoder_weights=None, classes=2))
        yield Case("C2", f"Unet of {name}", model.state_dict(), Last(model.encoder), ["--arch", "auto"])


@kind("C3")
def counters():
    model = net()
    s = model.state_dict()
    for n, _ in model.named_modules():
        for k in ("total_ops", "total_params"):
            s[(n + "." if n else "") + k] = torch.zeros(1, dtype=torch.float64)
    yield Case("C3", "thop", s, model)
    yield Case("C3", "thop, children", {"module." + k: v for k, v in s.items()}, model)


@kind("C4")
def parametrized():
    for name, apply in [
        ("weight_norm", nn.utils.parametrizations.weight_norm), ("spectral_norm", nn.utils.parametrizations.spectral_norm),
        ("old weight_norm", nn.utils.weight_norm), ("old spectral_norm", nn.utils.spectral_norm),
        ("pruned", lambda x: torch.nn.utils.prune.l1_unstructured(x, "weight", .5)),
    ]:
        import torch.nn.utils.prune
        model = net()
        for x in model.modules():
            if isinstance(x, nn.Conv2d):
                apply(x)
        calibrated(model)
        yield Case("C4", name, model.state_dict(), model)
    model = net()
    nn.utils.parametrizations.orthogonal(model.fc)
    yield Case("C4", "orthogonal fc", model.state_dict(), refusal="orthogonal|parametri")


@kind("C5")
def quantized():
    from torchvision.models.quantization.resnet import QuantizableBottleneck, QuantizableResNet
    torch.backends.quantized.engine = "fbgemm"

    def base():
        torch.manual_seed(0)
        return calibrated(QuantizableResNet(QuantizableBottleneck, [1, 1, 1, 1], num_classes=10, groups=8, width_per_group=8))

    from torch.ao import quantization
    prepared = base()
    prepared.fuse_model()
    prepared.qconfig = quantization.get_default_qconfig("fbgemm")
    quantization.prepare(prepared, inplace=True)
    calibrated(prepared).eval()
    yield Case("C5", "prepared", prepared.state_dict(), refusal="prepar|observ|quanti[sz]")
    converted = quantization.convert(copy.deepcopy(prepared))
    yield Case("C5", "converted, whole", converted, converted, form="whole", exact=True)
    yield Case("C5", "converted, script", converted, converted, form="script", exact=True)
    qat = base().train()
    qat.fuse_model(is_qat=True)
    qat.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    quantization.prepare_qat(qat, inplace=True)
    calibrated(qat)
    yield Case("C5", "QAT", qat.state_dict(), refusal="prepar|observ|quanti[sz]|fake")
    fused = base()
    fused.fuse_model()
    yield Case("C5", "fused", fused.state_dict(), fused)
    plain = base()
    yield Case("C5", "quantizable, float", plain.state_dict(), plain)
    yield Case("C5", "quantizable, float, whole", plain, plain, form="whole")


class Wrapper(nn.Module):
    def __init__(self, backbone, head, name="backbone", head_name="head"):
        super().__init__()
        self.names = name, head_name
        setattr(self, name, backbone)
        setattr(self, head_name, head)

    def forward(self, x):
        first, second = self.names
        return getattr(self, second)(getattr(self, first)(x))


class Unusual(Usual):
    """The same children, another function."""

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.relu(self.bn1(self.conv1(x)))))))
        return self.fc(torch.flatten(torch.sigmoid(self.avgpool(x)), 1))


@kind("G1")
def own_classes():
    """A class that only its program has: nothing in the file says what its forward does."""
    for maker in (Usual, Unusual):
        model = maker(net())
        yield Case("G1", f"{maker.__name__}, whole, strict", model, options=["--strict"], refusal="assum", form="whole")
        yield Case("G1", f"{maker.__name__}, whole", model, model if maker is Usual else None, form="whole",
                   states={"pool": "assumed", "final_pool": "assumed"})
        for form in ("script", "trace", "pt2"):
            if maker is Usual:
                yield Case("G1", f"{maker.__name__}", model, model, form=form, strict=True)
            else:
                yield Case("G1", f"{maker.__name__}", model, refusal="sigmoid|pool", form=form)


@kind("E")
def wishes():
    model = net(change=lambda m: setattr(m, "fc", nn.Sequential(nn.Linear(2048, 64), nn.ReLU(), nn.Linear(64, 10))))
    yield Case("E", "1: MLP", model.state_dict(), refusal="sequence|several|fc\\.0")
    yield Case("E", "1: MLP, headless", model.state_dict(), Features(model), ["--head", "none"])
    yield Case("E", "1: MLP, whole", model, refusal="sequence|several|fc\\.0", form="whole")
    model = net()
    several = model.state_dict() | {"fc_b.weight": torch.randn(5, 2048), "fc_b.bias": torch.randn(5)}
    yield Case("E", "1: several, headless", several, Features(model), ["--head", "none"])
    yield Case("E", "1: several, one chosen", several, model, ["--head", "fc"])
    model = net(change=lambda m: setattr(m, "fc", nn.Linear(2048, 10, bias=False)))
    yield Case("E", "2: no bias", model.state_dict(), model)
    model = net(change=lambda m: setattr(m, "fc", nn.Sequential(nn.Dropout(.2), nn.Linear(2048, 10))))
    yield Case("E", "3: Dropout and Linear", model.state_dict(), model)
    yield Case("E", "3: Dropout and Linear, whole", model, model, form="whole", strict=True)
    model = net()
    children = nn.Sequential(*list(model.children())[:-1], nn.Flatten(), model.fc)
    yield Case("E", "4: 10.weight", children.state_dict(), model)
    yield Case("E", "4: 10.weight, whole", children, model, form="whole", strict=True)
    model = net()
    renamed = {k.replace("downsample", "shortcut"): v for k, v in model.state_dict().items()}
    yield Case("E", "5: shortcut with fc", renamed, model)
    yield Case("E", "5: shortcut without linear", {k: v for k, v in renamed.items() if not k.startswith("fc.")}, Features(model))
    for channels in (1, 2, 4):
        model = stem(7, 2, 3, channels=channels)
        yield Case("E", f"6: {channels} channels", model.state_dict(), model, channels=channels)
    model = net()
    s = model.state_dict()
    double = {f"{p}.{k}": v for p in ("model", "model_ema.module") for k, v in s.items()}
    yield Case("E", "9: two equal copies", double, model)
    yield Case("E", "9: student and teacher, equal", {f"{p}.{k}": v for p in ("a", "b") for k, v in s.items()}, model)
    torch.manual_seed(5)
    other = {k: v + torch.rand_like(v) if v.is_floating_point() else v for k, v in s.items()}
    yield Case("E", "9: two different", {f"a.{k}": v for k, v in s.items()} | {f"b.{k}": v for k, v in other.items()},
               refusal="several|two|a.*b")
    for average in ("momentum_backbone", "backbone_momentum", "target_encoder", "swa_model", "ema", "ema_model",
                    "averaged_model"):
        own = {"backbone." + k: v for k, v in s.items()} | {f"{average}.{k}": v for k, v in other.items()}
        yield Case("E", f"10: {average}", own, model)
    yield Case("E", "10: teacher", {"student." + k: v for k, v in s.items()} | {f"teacher.{k}": v for k, v in other.items()},
               refusal="student.*teacher")
    table = dict(conv1="stem.conv", bn1="stem.bn", fc="head.fc")
    parts = {"conv1": "f.a", "bn1": "f.a_bn", "conv2": "f.b", "bn2": "f.b_bn", "conv3": "f.c", "bn3": "f.c_bn",
             "downsample.0": "proj", "downsample.1": "bn"}
    for block in (Bottleneck, BasicBlock):
        model, q = net(block=block), {}
        for k, v in model.state_dict().items():
            found = re.match(r"layer(\d)\.(\d+)\.(.*)\.(\w+)$", k)
            q[f"s{found[1]}.b{int(found[2]) + 1}.{parts[found[3]]}.{found[4]}" if found
              else table[k.split(".")[0]] + k[k.index("."):]] = v
        yield Case("E", f"8: pycls, {block.__name__}", {"epoch": 3, "model_state": q}, model)
    model = net()
    yield Case("E", "12: verify --source", {"state_dict": {"model.net." + k: v for k, v in s.items()}}, model)


@kind("E13")
def printed_names():
    for keywords in [dict(), dict(block=BasicBlock), dict(layers=(2, 1, 2, 1)), dict(change=last_stride),
                     dict(replace_stride_with_dilation=[False, True, True]), dict(change=conv1_strides)]:
        model = net(**keywords)
        yield Case("E13", str(sorted(keywords)) + getattr(keywords.get("change"), "__name__", ""), model, model, form="whole")


@kind("F")
def heads_outside():
    inner = net(classes=100)
    head = nn.Linear(2048, 5)
    training = lambda s: {"epoch": 3, "model_state_dict": s, "optimizer_state_dict": torch.optim.Adam(inner.parameters()).state_dict()}
    full = {"backbone." + k: v for k, v in inner.state_dict().items()} | {"head.weight": head.weight.data, "head.bias": head.bias.data}
    truth = copy.deepcopy(inner)
    truth.fc = head
    yield Case("F", "1: an unused fc", training(full), truth, notes=r"backbone\.fc \(100 classes\) is not used")
    yield Case("F", "1: an unused fc, plain", full, truth, notes="is not used")
    for name in ("head", "classifier.1", "fc", "model.fc"):
        q = backbone(inner, "backbone.") | {f"{name}.weight": head.weight.data, f"{name}.bias": head.bias.data}
        yield Case("F", f"2: {name}", training(q), truth)
        yield Case("F", f"2: {name}, Lightning", {"epoch": 3, "state_dict": {"model." + k: v for k, v in q.items()},
                                                  "pytorch-lightning_version": "2.6.6"}, truth)
    q = full | {"aux.weight": torch.randn(7, 2048), "aux.bias": torch.randn(7)}
    yield Case("F", "2: several", q, refusal="aux.*head|head.*aux")
    yield Case("F", "2: several, chosen", q, truth, ["--head", "head"])
    inner.fc = nn.Identity()
    whole = Wrapper(inner, head).eval()
    yield Case("F", "2: whole", whole, truth, form="whole")
    for form in ("script", "trace", "pt2"):
        if form == "script":
            continue  # getattr with a name is not scriptable
        yield Case("F", "2", whole, truth, form=form, strict=True)


@kind("H")
def recorded_arguments():
    """Arguments that programs record beside a state dict."""
    model = net(norm_layer=EPSILON)
    s = model.state_dict()
    for name, record in [
        ("Lightning, bn_eps", {"hyper_parameters": {"bn_eps": 1e-3}}),
        ("Lightning, norm_eps in a dict", {"hyper_parameters": {"model": {"bn_eps": 1e-3}}}),
        ("timm, args.bn_eps", {"args": argparse.Namespace(model="resnext50_32x4d", bn_eps=1e-3)}),
    ]:
        yield Case("H", name, {"state_dict": s} | record, model, states={"bn_eps": "file"})
        yield Case("H", name + ", contradicted", {"state_dict": s} | record, options=["--bn-eps", "1e-4"], refusal="file")
    model = net(replace_stride_with_dilation=[False, True, True])
    yield Case("H", "Lightning, replace_stride_with_dilation",
               {"state_dict": model.state_dict(), "hyper_parameters": {"replace_stride_with_dilation": [False, True, True]}},
               model, states={"dilations": "file", "strides": "file"})
    model = net(layers=(2, 2, 2, 2), replace_stride_with_dilation=[False, False, True])
    for output_stride in ("output_stride",):
        yield Case("H", f"timm, {output_stride}",
                   {"state_dict": model.state_dict(), "hyper_parameters": {output_stride: 16}}, model,
                   states={"dilations": "file", "strides": "file"})
    model = net(change=last_stride)
    yield Case("H", "re-identification, last_stride",
               {"state_dict": model.state_dict(), "hyper_parameters": {"last_stride": 1}}, model, states={"strides": "file"})
    model = net()
    yield Case("H", "arguments of no meaning", {"state_dict": model.state_dict(), "hyper_parameters": {"lr": 0.1, "arch": "mynet"}},
               model, states={"bn_eps": "assumed"})


# ---------------------------------------------------------------------------------------------------------------------

def save(case, folder):
    path = folder / f"f.{case.form if case.form in ('pt2', SAFETENSORS) else 'pth'}"
    content = case.content
    x = torch.randn(2, case.channels, case.size, case.size)
    if case.form in ("pth", "whole"):
        torch.save(content, path)
    elif case.form == SAFETENSORS:
        from safetensors.torch import save_file
        save_file({k: v.contiguous() for k, v in content.items()}, path, {"format": "pt"})
    elif case.form == "script":
        torch.jit.script(content).save(str(path))
    elif case.form == "trace":
        torch.jit.trace(content, x[:1]).save(str(path))
    else:
        torch.export.save(torch.export.export(content, (x[:1],)), str(path))
    return path


def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True)


def judge(program, case, folder):
    """None if the case is as expected, else what is wrong."""
    try:
        path = save(case, folder)
    except Exception as error:
        return f"not made: {str(error).splitlines()[0][:150]}"
    output = folder / "o.swt"
    output.unlink(missing_ok=True)
    options = case.options + (["--strict"] if case.strict else [])
    result = run(program, "convert", path, "-o", output, "--json", *options)
    if case.refusal is not None:
        if result.returncode == 0:
            return "converted, although it had to be refused"
        if result.returncode not in (3, 5):
            return f"exit {result.returncode}: {result.stderr[:300]}"
        return None if re.search(case.refusal, result.stderr) else f"refused for another cause: {result.stderr[:400]}"
    if result.returncode:
        return f"refused: {result.stderr[:400]}"
    report = json.loads(result.stdout)
    conventions = {c["name"]: c for c in report["conventions"]}
    for name, witness in case.states.items():
        if conventions[name]["from"] != witness:
            return f"{name} {conventions[name]['value']} is from {conventions[name]['from']}, not {witness}"
    if case.notes and not re.search(case.notes, result.stderr + result.stdout):
        return f"not said: {case.notes}; {result.stderr[:300]}"
    source = run(program, "verify", output, "--level", "weights", "--source", path)
    if source.returncode:
        return f"verify --source: exit {source.returncode}: {(source.stdout + source.stderr)[-300:]}"
    architecture = report["architecture"]
    if run(program, "arch", architecture).returncode:
        return f"arch {architecture}: refused"
    if case.kind in ("E13", "A1", "A3"):
        named = run(program, "convert", path, "-o", folder / "named.swt", "--force", "--arch", architecture,
                    *[o for o in case.options])
        if named.returncode:
            return f"--arch {architecture}: {named.stderr[:300]}"
    if case.truth is None:
        return None
    torch.manual_seed(9)
    x = torch.randn(2, case.channels, case.size, case.size)
    model = case.truth.eval()
    with torch.no_grad():
        single = model(x).double().numpy()
        exact = single if case.exact else copy.deepcopy(model).double()(x.double()).numpy()
    floor = 0 if case.exact else max(np.linalg.norm(single - exact) / np.linalg.norm(exact), 1e-7)
    np.save(folder / "x.npy", x.numpy())
    engine = ["--quantized-engine", torch.backends.quantized.engine] if case.exact else []
    forward = run(program, "run", output, folder / "x.npy", "-o", folder / "y.npy", "--force", *engine)
    if forward.returncode:
        return f"run: {forward.stderr[:300]}"
    actual = np.load(folder / "y.npy").astype(np.float64)
    if actual.shape != exact.shape:
        return f"SILENT: the output is {actual.shape} instead of {exact.shape}"
    error = np.linalg.norm(actual - exact) / np.linalg.norm(exact)
    return None if error <= 8 * floor else f"SILENT: {error / floor:.2g} floors ({architecture})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--only", help="kinds, separated by commas")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    only = set(arguments.only.split(",")) if arguments.only else None
    table = collections.defaultdict(collections.Counter)
    failures = 0
    for name, maker in CASES:
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            for case in maker():
                problem = judge(arguments.program, case, pathlib.Path(temporary))
                wanted = "refused" if case.refusal is not None else "right" if case.truth is not None else "said"
                table[name][wanted if problem is None else "not as expected"] += 1
                if problem is not None:
                    failures += 1
                    print(f"{name} {case.name} ({case.form}): {problem}", flush=True)
    columns = ["right", "refused", "said", "not as expected"]
    if arguments.markdown:
        print("| kind | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
        for name, counts in table.items():
            print(f"| {name} | " + " | ".join(str(counts[c]) for c in columns) + " |")
    else:
        for name, counts in table.items():
            print(name, dict(counts))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
