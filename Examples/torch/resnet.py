"""ResNet and ResNeXt in plain torch, built from the metadata of a .swt file.

Parameters have torchvision's names, so load_state_dict takes a file's tensors unchanged. If BatchNorm was
folded, convolutions have biases and there are no BatchNorms here either.
"""
import torch
from torch import nn


class Unsupported(Exception):
    """This module does not build the file's network."""


# These must be absent or have this value, because the module builds nothing else.
PLAIN = {"arch.stem": "conv7x7", "arch.shortcut": "projection"}
KNOWN = {"family", "name", "block", "layers", "groups", "width_per_group", "base_planes", "stem_channels",
         "num_classes", "head", "bn", "bn_eps", "stride_on"}


class Block(nn.Module):
    """The residual block of both papers: two 3×3 convolutions, or 1×1, grouped 3×3, 1×1."""

    def __init__(self, net, inputs, planes, stride):
        super().__init__()
        width = planes * net.width_per_group // 64 * net.groups
        if net.block == "basic":
            outputs, layers = planes, [(inputs, planes, 3, stride, 1), (planes, planes, 3, 1, 1)]
        else:
            first, second = (stride, 1) if net.stride_on == "conv1" else (1, stride)
            outputs = 4 * planes
            layers = [(inputs, width, 1, first, 1), (width, width, 3, second, net.groups),
                      (width, outputs, 1, 1, 1)]
        self.depth, self.outputs = len(layers), outputs
        for number, layer in enumerate(layers, 1):
            setattr(self, f"conv{number}", net.convolution(*layer))
            setattr(self, f"bn{number}", net.norm(layer[1]))
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(net.convolution(inputs, outputs, 1, stride, 1), net.norm(outputs))

    def forward(self, x):
        y = x
        for number in range(1, self.depth + 1):
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y))
            if number < self.depth:
                y = torch.relu(y)
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """The network described by `metadata`, the dict of a file's metadata."""

    def __init__(self, metadata):
        super().__init__()
        for key, value in metadata.items():
            if key.startswith("arch.") and key[5:] not in KNOWN and value != PLAIN.get(key):
                raise Unsupported(f"{key} = {value}")
        if "arch.block" not in metadata:
            raise Unsupported("the file has tensors, but does not describe a network")
        self.block, self.groups = metadata["arch.block"], metadata["arch.groups"]
        self.width_per_group = metadata["arch.width_per_group"]
        self.stride_on = metadata.get("arch.stride_on", "conv2")
        self.folded, self.epsilon = metadata.get("arch.bn") == "folded", metadata.get("arch.bn_eps", 1e-5)
        planes = metadata.get("arch.base_planes", 64)
        channels = metadata.get("arch.stem_channels", planes)
        self.conv1 = self.convolution(3, channels, 7, 2, 1)
        self.bn1 = self.norm(channels)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages = [f"layer{number}" for number in range(1, len(metadata["arch.layers"]) + 1)]
        for stage, count in enumerate(metadata["arch.layers"]):
            blocks = []
            for index in range(count):
                blocks.append(Block(self, channels, planes << stage, 2 if stage and not index else 1))
                channels = blocks[-1].outputs
            setattr(self, self.stages[stage], nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        has_head = metadata.get("arch.head") == "fc"
        self.fc = nn.Linear(channels, metadata["arch.num_classes"]) if has_head else None

    def convolution(self, inputs, outputs, kernel, stride, groups):
        return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=self.folded)

    def norm(self, channels):
        return nn.Identity() if self.folded else nn.BatchNorm2d(channels, self.epsilon)

    def forward(self, x):
        """Logits [N, classes]; without fc, the last stage's feature map."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for stage in self.stages:
            x = getattr(self, stage)(x)
        return x if self.fc is None else self.fc(torch.flatten(self.avgpool(x), 1))
