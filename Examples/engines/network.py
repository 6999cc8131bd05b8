"""The network of a .swt file as a torch module that returns every stage's output, for engines that read torch or ONNX."""
import pathlib
import sys

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "torch"), str(HERE.parents[1] / "Readers/python")]
import swt  # noqa: E402
from resnet import ResNet  # noqa: E402


class Tapped(nn.Module):
    """Returns the outputs of `names`: the taps of pth2swt."""

    def __init__(self, path):
        super().__init__()
        file = swt.open(path)
        self.net = ResNet(file.metadata)
        self.net.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in file.weights().items()}, strict=False)
        self.eval()
        self.blocks = [(f"layer{i}.{j}", block) for i in range(1, 5)
                       for j, block in enumerate(getattr(self.net, f"layer{i}"))]
        self.names = ["conv1", "maxpool"] + [name for name, _ in self.blocks] + ["avgpool", "logits"]

    def forward(self, x):
        x = self.net.conv1(x)
        outputs = [torch.relu(self.net.bn1(x))]
        outputs.append(nn.functional.max_pool2d(outputs[0], 3, 2, 1))
        for _, block in self.blocks:
            outputs.append(block(outputs[-1]))
        outputs.append(outputs[-1].mean((2, 3)))
        return tuple(outputs) + (self.net.fc(outputs[-1]),)


def save(path, names, outputs):
    """Writes what an engine computed where `pth2swt judge --run` expects it."""
    np.savez(path, **{name: np.asarray(value) for name, value in zip(names, outputs)})
