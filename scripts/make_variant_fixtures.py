#!/usr/bin/env python3
"""Makes Fixtures/variants.json: what real libraries compute with small networks unlike torchvision's.

    pip install torch==2.13.0 && pip install --no-deps torchvision==0.28.0
    pip install -r scripts/requirements-fixtures.txt
    pip install timm==1.0.31 transformers==5.24.0
    python3 scripts/make_variant_fixtures.py [--out FILE]

Stems, shortcuts, gates, strides and dilation are those of timm, transformers and torchvision themselves; only
the CIFAR networks with shortcuts that pad, which no package on PyPI has, are written out here. All weights and
inputs follow a formula (see FORMULA), so that nothing but results is stored: the output in float64, how far
torch's own float32 is from it, and for each stage the norm of what it puts out and its product with the formula.
"""

import argparse
import json
import math
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import make_fixtures
from make_fixtures import unit_values

import timm
import timm.models.resnet as timm_resnet
import transformers

FORMULA = (
    "u[i] as in formula/*.json, float32. A counter starts at 0 and goes over the state dict in its order, by the "
    "number of elements of each tensor but num_batches_tracked: value = offset + scale * u[counter], rounded twice, "
    "not fused. Of convolutions, linear layers and gates scale is sqrt(6 / elements of one filter), float32, and "
    "offset 0; BatchNorm's weight 0.6 and 0.3, running_var 1.25 and 0.75 (offset and scale); all else 0 and 0.3. "
    "Inputs: 2 * u[i]. Products: sum of value * u[i] over the flattened output."
)


# ---------------------------------------------------------------------------------------------
# The networks
# ---------------------------------------------------------------------------------------------


def of_timm(block, base, layers, gate=None, deep=None, **more):
    """timm's ResNet with narrow stages; the widths of a deep stem are timm's for stem_width `deep`."""
    kinds = {"basic": timm_resnet.BasicBlock, "bottleneck": timm_resnet.Bottleneck}
    args = {"block_args": {"attn_layer": gate}} if gate else {}
    if deep:
        args |= {"stem_width": deep, "stem_type": more.pop("stem_type", "deep")}
    return timm_resnet.ResNet(
        kinds[block], tuple(layers), channels=tuple(base << i for i in range(4)), **args, **more
    )


def of_transformers():
    """Hugging Face's ResNet with the stride on the first 1x1, under torchvision's names."""
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[16, 32, 64, 128], depths=[1, 2, 1, 1], layer_type="bottleneck",
        downsample_in_bottleneck=True, num_labels=10,
    )
    return transformers.ResNetForImageClassification(config)


def transformers_name(key):
    """The key of torchvision for a key of transformers."""
    key = key.removeprefix("resnet.")
    key = key.replace("embedder.embedder.convolution", "conv1").replace("embedder.embedder.normalization", "bn1")
    key = key.replace("classifier.1", "fc")
    if key.startswith("encoder"):
        _, _, stage, _, block, part, *rest = key.split(".")
        leaf = rest[-1]
        if part == "shortcut":
            inner = f"downsample.{0 if rest[0] == 'convolution' else 1}"
        else:
            inner = ("conv" if rest[1] == "convolution" else "bn") + str(int(rest[0]) + 1)
        key = f"layer{int(stage) + 1}.{block}.{inner}.{leaf}"
    return key


class Dilated(make_fixtures.resnet.ResNet):
    """torchvision's ResNet with few base planes; dilation is torchvision's own."""

    def __init__(self, base, layers, dilates, **more):
        block = make_fixtures.resnet.Bottleneck
        super().__init__(block, [1, 1, 1, 1], 10, **more)
        self.inplanes, self.dilation = base, 1
        self.conv1 = nn.Conv2d(3, base, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        self.layer1 = self._make_layer(block, base, layers[0])
        self.layer2 = self._make_layer(block, 2 * base, layers[1], stride=2, dilate=dilates[0])
        self.layer3 = self._make_layer(block, 4 * base, layers[2], stride=2, dilate=dilates[1])
        self.layer4 = self._make_layer(block, 8 * base, layers[3], stride=2, dilate=dilates[2])
        self.fc = nn.Linear(8 * base * block.expansion, 10)


def first_blocks_dilated(net):
    """detectron2's way: the first block of a dilated stage has the stage's dilation too."""
    first, second = net.layer4[0].conv2, net.layer4[1].conv2
    first.dilation, first.padding = second.dilation, second.padding
    return net


def for_small_images(net):
    """The usual change of a torchvision network for CIFAR: 3x3 of stride 1, no pooling."""
    net.conv1 = nn.Conv2d(3, net.conv1.out_channels, kernel_size=3, stride=1, padding=1, bias=False)
    net.maxpool = nn.Identity()
    return net


class PaddedBlock(nn.Module):
    """He et al. 2015, section 4.2: where the shape changes, every second pixel and zeros on either side."""

    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.grows = stride != 1 or inputs != planes
        self.zeros = planes // 4

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        if self.grows:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.zeros, self.zeros))
        return functional.relu(y + x)


class Cifar(nn.Module):
    """The three stages of CIFAR networks, basic blocks, no max-pooling."""

    def __init__(self, base, layers):
        super().__init__()
        self.conv1 = nn.Conv2d(3, base, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        inputs = base
        for stage, count in enumerate(layers):
            planes = base << stage
            blocks = []
            for index in range(count):
                blocks.append(PaddedBlock(inputs, planes, 2 if stage > 0 and index == 0 else 1))
                inputs = planes
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        for stage in (self.layer1, self.layer2, self.layer3):
            x = stage(x)
        return self.fc(x.mean((2, 3)))


def networks():
    """name, producer, the network, the shape of its input, and how an Architecture describes it."""

    def arch(block, layers, base, stem_channels, **switches):
        return {
            "block": block, "layers": layers, "base_planes": base, "stem_channels": stem_channels,
            "groups": 1, "width_per_group": 64, "num_classes": 10, "stem": "conv7x7",
        } | switches

    deep = {"stem": "deep3x3"}
    pooled = {"shortcut": "avgpool"}
    yield (
        "stride_on_conv1", "transformers", of_transformers(), [1, 3, 64, 64],
        arch("bottleneck", [1, 2, 1, 1], 4, 8, stride_on="conv1"),
    )
    yield (
        "output_stride_8", "torchvision",
        Dilated(8, [1, 1, 2, 2], [False, True, True], groups=8, width_per_group=16), [1, 3, 61, 47],
        arch("bottleneck", [1, 1, 2, 2], 8, 8, groups=8, width_per_group=16, dilations=[1, 1, 2, 4]),
    )
    yield (
        "first_blocks_dilated", "torchvision, dilation of the first block as in detectron2",
        first_blocks_dilated(Dilated(4, [1, 1, 1, 2], [False, False, True])), [2, 3, 64, 64],
        arch("bottleneck", [1, 1, 1, 2], 4, 4, dilations=[1, 1, 1, 2], first_dilations=[1, 1, 1, 2]),
    )
    yield (
        "basic_output_stride_8", "timm", of_timm("basic", 4, [1, 1, 2, 2], num_classes=10, output_stride=8),
        [1, 3, 61, 47], arch("basic", [1, 1, 2, 2], 4, 64, dilations=[1, 1, 2, 4]),
    )
    yield (
        "d", "timm", of_timm("bottleneck", 4, [2, 1, 1, 1], num_classes=10, deep=4, avg_down=True),
        [1, 3, 64, 64], arch("bottleneck", [2, 1, 1, 1], 4, 8, stem_widths=[4, 4], **deep, **pooled),
    )
    yield (
        "d_odd", "timm", of_timm("basic", 8, [1, 1, 1, 1], num_classes=10, deep=16, avg_down=True),
        [2, 3, 61, 47], arch("basic", [1, 1, 1, 1], 8, 32, stem_widths=[16, 16], **deep, **pooled),
    )
    yield (
        "tiered_se_groups", "timm",
        of_timm(
            "bottleneck", 8, [1, 2, 1, 1], "se", deep=8, stem_type="deep_tiered", avg_down=True,
            cardinality=4, base_width=16, num_classes=10,
        ),
        [1, 3, 65, 63],
        arch(
            "bottleneck", [1, 2, 1, 1], 8, 16, groups=4, width_per_group=16, stem_widths=[6, 8],
            se_channels=[8, 8, 8, 16], **deep, **pooled,
        ),
    )
    yield (
        "se", "timm", of_timm("bottleneck", 4, [1, 1, 1, 1], "se", num_classes=10), [2, 3, 64, 64],
        arch("bottleneck", [1, 1, 1, 1], 4, 64, se_channels=[8, 8, 8, 8]),
    )
    yield (
        "se_headless", "timm", of_timm("basic", 8, [1, 1, 1, 1], "se", num_classes=0, global_pool=""),
        [1, 3, 61, 47], arch("basic", [1, 1, 1, 1], 8, 64, se_channels=[8, 8, 8, 8], num_classes=None),
    )
    yield (
        "eca_d", "timm", of_timm("bottleneck", 8, [1, 1, 1, 1], "eca", num_classes=10, deep=8, avg_down=True),
        [1, 3, 64, 64],
        arch(
            "bottleneck", [1, 1, 1, 1], 8, 16, stem_widths=[8, 8], eca_kernels=[3, 3, 5, 5], **deep, **pooled
        ),
    )
    yield (
        "eca_deep_dilated", "timm",
        of_timm("basic", 8, [1, 2, 1, 2], "eca", num_classes=10, deep=8, output_stride=16), [1, 3, 61, 47],
        arch(
            "basic", [1, 2, 1, 2], 8, 16, stem_widths=[8, 8], eca_kernels=[3, 3, 3, 3],
            dilations=[1, 1, 1, 2], **deep,
        ),
    )
    padded = {"stem": "conv3x3", "shortcut": "pad"}
    yield "cifar", "torch", Cifar(8, [2, 2, 1]), [2, 3, 32, 32], arch("basic", [2, 2, 1], 8, 8, **padded)
    yield "cifar_odd", "torch", Cifar(16, [1, 1, 1]), [1, 3, 31, 29], arch("basic", [1, 1, 1], 16, 16, **padded)
    yield (
        "cifar_projection", "torchvision",
        for_small_images(Dilated(4, [1, 1, 1, 1], [False, False, False])), [1, 3, 32, 32],
        arch("bottleneck", [1, 1, 1, 1], 4, 4, stem="conv3x3"),
    )


# ---------------------------------------------------------------------------------------------
# Weights, runs, results
# ---------------------------------------------------------------------------------------------


def set_weights(net):
    """Gives every tensor of the state dict its values by FORMULA."""
    counter = 0
    state = net.state_dict()
    for key, tensor in state.items():
        if key.endswith("num_batches_tracked"):
            continue
        shape = tuple(tensor.shape)
        depth = np.float32(math.prod(shape[1:]))
        if len(shape) > 1:
            offset, scale = np.float32(0), np.sqrt(np.float32(6) / depth)
        elif key.endswith("running_var"):
            offset, scale = np.float32(1.25), np.float32(0.75)
        elif key.endswith(".weight"):
            offset, scale = np.float32(0.6), np.float32(0.3)
        else:
            offset, scale = np.float32(0), np.float32(0.3)
        values = offset + scale * unit_values(counter, tensor.numel())
        tensor.copy_(torch.from_numpy(values.reshape(shape)))
        counter += tensor.numel()
    net.load_state_dict(state)


def stages(net, producer):
    """(tap name, module) of what can be hooked at: stem, pooling and blocks."""
    if producer == "transformers":
        yield "conv1", net.resnet.embedder.embedder
        yield "maxpool", net.resnet.embedder.pooler
        for s, stage in enumerate(net.resnet.encoder.stages):
            for b, block in enumerate(stage.layers):
                yield f"layer{s + 1}.{b}", block
        return
    if isinstance(getattr(net, "maxpool", None), nn.MaxPool2d):
        yield "maxpool", net.maxpool
    for s in range(1, 5):
        for b, block in enumerate(getattr(net, f"layer{s}", [])):
            yield f"layer{s}.{b}", block
            if getattr(block, "se", None) is not None:
                yield f"layer{s}.{b}.se", block.se


@torch.no_grad()
def run(net, producer, x):
    """The output and what the stages put out."""
    kept, hooks = {}, []
    for name, module in stages(net, producer):
        hooks.append(module.register_forward_hook(lambda _, __, y, name=name: kept.__setitem__(name, y.clone())))
    y = net(x)
    for hook in hooks:
        hook.remove()
    return getattr(y, "logits", y), kept


def relative(a, b):
    a, b = a.double().flatten(), b.flatten()
    return float((a - b).norm() / b.norm())


def measure(tap):
    values = tap.flatten().numpy()
    product = float(values @ unit_values(0, values.size).astype(np.float64))
    return {"shape": list(tap.shape), "norm": float(np.linalg.norm(values)), "product": product}


def record(name, producer, net, shape, arch):
    net.eval()
    set_weights(net)
    names = list(net.state_dict())
    if producer == "transformers":
        names = [transformers_name(key) for key in names]
    x = torch.from_numpy((np.float32(2) * unit_values(0, math.prod(shape))).reshape(shape))
    y32, _ = run(net, producer, x)
    y64, kept = run(net.double(), producer, x.double())
    floor = relative(y32, y64)
    print(f"{name:22} {producer.split(',')[0]:13} {sum(p.numel() for p in net.parameters()):8} floor {floor:.1e}")
    result = {
        "name": name, "producer": producer, "arch": arch, "input": shape, "float32_error": floor,
        "keys": [key for key in names if not key.endswith("num_batches_tracked")],
        "taps": {tap: measure(values) for tap, values in kept.items()},
    }
    if y64.dim() == 2:
        result["logits"] = y64.flatten().tolist()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = pathlib.Path(__file__).parent.parent / "Fixtures" / "variants.json"
    parser.add_argument("--out", type=pathlib.Path, default=default)
    options = parser.parse_args()
    torch.set_num_threads(1)
    versions = {
        module.__name__: module.__version__.split("+")[0]
        for module in (torch, make_fixtures.torchvision, timm, transformers)
    }
    document = {"formula": FORMULA, "versions": versions, "networks": [record(*row) for row in networks()]}
    options.out.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(options.out, options.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
