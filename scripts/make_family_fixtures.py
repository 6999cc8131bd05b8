#!/usr/bin/env python3
"""Makes Fixtures/families: a tiny checkpoint of each key family, and what its own library computes with it.

    pip install -r scripts/requirements-families.txt
    python3 scripts/make_family_fixtures.py

The networks are one block a stage and a few channels wide, so that the whole folder is small; prove_families.py does the
same with networks of full size. `truth.json` has for each file the family and architecture that it is, the options that
convert needs, and the float64 output on `input.npz`, with the relative error of the library's float32 pass as its floor.
"""

import collections
import gzip
import io
import json
import pathlib
import pickle
import re

import numpy as np
import torch
from torch import nn

import prove_families as prove
from make_fixtures import SAFETENSORS_NAMES, Arch, NarrowResNet, numbered_storages, write_bytes, write_safetensors
from prove_families import tv

SAFETENSORS_NAMES[torch.int64] = "I64"
OUT = prove.ROOT / "Fixtures/families"
SIZE = 33  # a map of 2x2 behind the last stage


def narrow(groups=1):
    return NarrowResNet(Arch((1, 1, 1, 1), groups=groups, base_planes=1, num_classes=7))


def no_fc(state):
    return {key: value for key, value in state.items() if not key.startswith("fc.")}


def timm_network(**options):
    from timm.models.resnet import Bottleneck, ResNet

    return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=7, channels=(1, 2, 4, 8), **options)


def huggingface(head=True, **options):
    from transformers import ResNetConfig, ResNetForImageClassification, ResNetModel

    config = ResNetConfig(
        embedding_size=4, hidden_sizes=[4, 8, 16, 32], depths=[1, 1, 1, 1], num_labels=7, **options)
    return ResNetForImageClassification(config) if head else ResNetModel(config)


def mmpretrain(kind, **options):
    from mmpretrain.models import build_classifier

    backbone = dict(type=kind, depth=50, stem_channels=4, base_channels=1, **options)
    net = build_classifier(dict(
        type="ImageClassifier", backbone=backbone, neck=dict(type="GlobalAveragePooling"),
        head=dict(type="LinearClsHead", num_classes=7, in_channels=32)))
    # The depth decides the number of blocks; one in each stage is enough.
    for stage in range(1, 5):
        layer = getattr(net.backbone, f"layer{stage}")
        setattr(net.backbone, f"layer{stage}", nn.Sequential(layer[0]))
    return net


def cifar():
    """A CIFAR network of He et al. 2015 with option-A shortcuts, as akamaster/pytorch_resnet_cifar10 has them."""

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.stride, self.pad = stride, (outputs - inputs) // 2

        def forward(self, x):
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            x = x[:, :, :: self.stride, :: self.stride]
            return torch.relu(y + nn.functional.pad(x, (0, 0, 0, 0, self.pad, self.pad)))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(4)
            self.layer1 = nn.Sequential(Block(4, 4, 1))
            self.layer2 = nn.Sequential(Block(4, 8, 2))
            self.layer3 = nn.Sequential(Block(8, 16, 2))
            self.linear = nn.Linear(16, 7)

        def forward(self, x):
            x = torch.relu(self.bn1(self.conv1(x)))
            x = self.layer3(self.layer2(self.layer1(x)))
            return self.linear(x.mean((2, 3)))

    return Network()


def cadene_keys(state):
    """Lua Torch's numbered containers."""
    rules = [(r"^conv1\.", "features.0."), (r"^bn1\.", "features.1."), (r"^fc\.", "last_linear.")]
    for stage in (1, 2, 3, 4):
        block = rf"^layer{stage}\.(\d+)\."
        at = rf"features.{stage + 3}.\1."
        for name, place in (("conv1", "0.0.0.0"), ("bn1", "0.0.0.1"), ("conv2", "0.0.0.3"), ("bn2", "0.0.0.4"),
                            ("conv3", "0.0.1"), ("bn3", "0.0.2"), (r"downsample\.0", "0.1.0"), (r"downsample\.1", "0.1.1")):
            rules.append((block + name + r"\.", at + place + "."))
    return prove.renamed(state, rules)


def detectron2_detector(module):
    """A detector with a feature pyramid: parts beside the backbone, FrozenBatchNorm without counters."""
    state = prove.renamed(
        module.state_dict(), prove.DETECTRON2 + [(r"^", "backbone.bottom_up.")], r"num_batches_tracked|^fc\.")
    state["backbone.fpn_lateral2.weight"] = torch.ones(2, 4, 1, 1)
    state["proposal_generator.rpn_head.conv.weight"] = torch.ones(2, 2, 1, 1)
    state["pixel_mean"] = torch.tensor([103.53, 116.28, 123.675]).reshape(3, 1, 1)
    return {"model": state, "iteration": 3}


def detectron2_c4(module):
    state = prove.renamed(
        module.state_dict(),
        prove.DETECTRON2 + [(r"^", "backbone."), (r"^backbone\.res5\.", "roi_heads.res5.")],
        r"num_batches_tracked|^fc\.")
    state["roi_heads.box_predictor.cls_score.weight"] = torch.ones(3, 32)
    return {"model": state}


def zeros(state):
    """Another network of that shape, all of whose tensors are views of one zero."""
    zero = torch.zeros(())
    return {key: zero.expand(value.shape) for key, value in state.items()}


def dino(module):
    body = {f"backbone.{key}": value for key, value in no_fc(module.state_dict()).items()}
    head = {"head.mlp.0.weight": torch.zeros(2, 2), "head.last_layer.weight_g": torch.zeros(2, 1)}
    student = {f"module.{key}": value for key, value in zeros({**body, **head}).items()}
    return {"student": student, "teacher": {**body, **head}, "epoch": 100}


def moco(module):
    body = no_fc(module.state_dict())
    head = {"fc.0.weight": torch.zeros(2, 2), "fc.2.weight": torch.zeros(2, 2)}
    state = {f"module.encoder_q.{key}": value for key, value in {**body, **head}.items()}
    state.update((f"module.encoder_k.{key}", value) for key, value in zeros({**body, **head}).items())
    return {"epoch": 200, "arch": "resnet50", "state_dict": {**state, "module.queue": torch.zeros(2, 4)}}


def ema(state):
    return {"state_dict": state, "state_dict_ema": zeros(state)}


# file name: family, module, what is saved, what is computed, options
Entry = collections.namedtuple("Entry", "family build pack forward options", defaults=(None, None, ()))
call = lambda module, x: module(x)
state = lambda module: module.state_dict()
features = prove.features
v1 = lambda: prove.strided_on_1x1(narrow())

ENTRIES = {
    "torchvision_wrapped.pth": Entry("torchvision", narrow, prove.wrapped("module.", "_orig_mod.", "model.", ema)),
    "torchvision_children.pth": Entry(
        "torchvision's children", narrow, lambda m: nn.Sequential(*list(m.children())[:-1]).state_dict(), features),
    "timm_seresnext_d.safetensors": Entry("torchvision", lambda: timm_network(
        cardinality=2, base_width=64, stem_width=2, stem_type="deep", avg_down=True, block_args=dict(attn_layer="se"))),
    "timm_ecaresnet_t.safetensors": Entry("torchvision", lambda: timm_network(
        stem_width=4, stem_type="deep_tiered", avg_down=True, block_args=dict(attn_layer="eca"))),
    "huggingface.safetensors": Entry("Hugging Face", huggingface, state, lambda m, x: m(x).logits),
    "huggingface_v1.safetensors": Entry(
        "Hugging Face", lambda: huggingface(False, downsample_in_bottleneck=True), state,
        lambda m, x: m(x).last_hidden_state, ("--stride-on", "1x1")),
    "cadene.pth": Entry("Cadene", lambda: narrow(groups=2), lambda m: cadene_keys(m.state_dict())),
    "cadene_resnet.pth": Entry(
        "Cadene's torchvision", narrow, lambda m: prove.renamed(m.state_dict(), [(r"^fc\.", "last_linear.")])),
    "mmpretrain_v1d.pth": Entry(
        "mmpretrain", lambda: mmpretrain("ResNetV1d"), lambda m: {"meta": {}, "state_dict": m.state_dict()},
        lambda m, x: m.head(m.extract_feat(x))),
    "detectron2_fpn.pth": Entry("detectron2", v1, detectron2_detector, features),
    "detectron2_c4.pth": Entry("detectron2", v1, detectron2_c4, features),
    "detectron2_torchvision.pkl": Entry("detectron2's torchvision", narrow, prove.detectron2_import),
    "caffe2.pkl": Entry("Caffe2 Detectron", v1, prove.caffe2("fc1000")),
    "moco.pth": Entry("MoCo", narrow, moco, features),
    "dino.pth": Entry("DINO", narrow, dino, features),
    "cifar.th": Entry("CIFAR", cifar, prove.wrapped("module.", "state_dict")),
}


def coarse(module):
    """Every number a multiple of 1/32, so that it compresses to a byte."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.round(tensor * 32) / 32)
                if name.endswith("running_var"):
                    tensor.clamp_(min=1 / 32)
    return module


def save(path, value):
    """Compressed as a whole, since most of so small a file is what stands around the numbers."""
    if path.suffix == ".safetensors":
        write_safetensors(path, value)
        return write_bytes(path, gzip.compress(path.read_bytes(), mtime=0))
    if path.suffix == ".pkl":
        return write_bytes(path, gzip.compress(pickle.dumps(value, protocol=2), mtime=0))
    buffer = io.BytesIO()
    with numbered_storages():
        torch.save(value, buffer, _use_new_zipfile_serialization=False)
    write_bytes(path, gzip.compress(buffer.getvalue(), mtime=0))


def main():
    torch.manual_seed(prove.SEED)
    x = torch.round(torch.randn(1, 3, SIZE, SIZE) * 32) / 32
    OUT.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(OUT / "input.npz", x=x.numpy())
    truth = {}
    for name, entry in ENTRIES.items():
        forward = entry.forward or call
        module = coarse(prove.calibrated(entry.build(), SIZE, prove.SEED + sum(map(ord, name)), forward))
        save(OUT / name, (entry.pack or state)(module))
        with torch.no_grad():
            single = forward(module, x)
            double = forward(module.double(), x.double())
        truth[name] = {
            "family": entry.family, "options": list(entry.options), "shape": list(double.shape),
            "floor": prove.relative(single, double), "output": [float(f"{number:.12g}") for number in double.flatten()],
        }
        print(f"{name}: {(OUT / name).stat().st_size} bytes, floor {truth[name]['floor']:.1e}")
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in truth.items())
    (OUT / "truth.json").write_text("{\n" + lines + "\n}\n")
    print(sum(path.stat().st_size for path in OUT.iterdir()), "bytes in all")


if __name__ == "__main__":
    main()
