#!/usr/bin/env python3
"""Says what PyTorch computes with known faults of ports: Fixtures/truth/faults.safetensors.

The network is Fixtures/checkpoints/resnext_deep.pth, the input a formula, the passes are float64. Each fault is written
in PyTorch's own terms, with nothing of this project in it. Of every stage 32 values and four numbers about all are kept.
Versions as in requirements-fixtures.txt. Deterministic.

    python3 scripts/make_fault_fixtures.py
"""
import copy
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

import make_fixtures as fixtures

NET = "resnext_deep"
SHAPE = (2, 3, 64, 64)
SAMPLES = 32
MEAN = torch.tensor(fixtures.IMAGENET_MEAN).double().view(1, 3, 1, 1)
STD = torch.tensor(fixtures.IMAGENET_STD).double().view(1, 3, 1, 1)


def same(size, kernel, stride):
    """(before, after) of TensorFlow's SAME padding: tensorflow.org/api_docs/python/tf/nn, "Notes on padding"."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class SamePadding(nn.Module):
    """A convolution or max-pool without padding of its own, after SAME padding with `value`."""

    def __init__(self, inner, kernel, stride, value):
        super().__init__()
        self.inner, self.kernel, self.stride, self.value = inner, kernel, stride, value

    def forward(self, x):
        rows = same(x.shape[2], self.kernel, self.stride)
        columns = same(x.shape[3], self.kernel, self.stride)
        return self.inner(F.pad(x, (*columns, *rows), value=self.value))


def pad_same(net, pool_only=False):
    net.maxpool = SamePadding(nn.MaxPool2d(3, 2), 3, 2, float("-inf"))
    if pool_only:
        return
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.Conv2d) and module.kernel_size[0] > 1:
            parent = net.get_submodule(name.rpartition(".")[0])
            kernel, stride = module.kernel_size[0], module.stride[0]
            module.padding = (0, 0)
            setattr(parent, name.rpartition(".")[2], SamePadding(module, kernel, stride, 0.0))


def set_epsilon(net, epsilon):
    for norm in fixtures.norms(net):
        norm.eps = epsilon


def stride_first(net):
    """Facebook's and Caffe's ResNets (v1): the stride on the first 1x1."""
    for _, block in fixtures.blocks(net):
        block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride


class ReluBeforeAdd(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x):
        b = self.block
        y = b.relu(b.bn1(b.conv1(x)))
        y = b.relu(b.bn2(b.conv2(y)))
        y = b.relu(b.bn3(b.conv3(y)))
        return y + (x if b.downsample is None else b.downsample(x))


def relu_before_add(net):
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        layer = getattr(net, stage)
        setattr(net, stage, nn.Sequential(*[ReluBeforeAdd(block) for block in layer]))


def round_weights(net, dtype):
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.weight.data = module.weight.data.to(dtype).double()


def edit(path, change):
    def apply(net):
        tensor = net.get_parameter(path) if path in dict(net.named_parameters()) else net.get_buffer(path)
        tensor.data = change(tensor.data).contiguous()

    return apply


def exchange(a, b):
    def apply(net):
        first, second = net.get_submodule(a), net.get_submodule(b)
        state = copy.deepcopy(first.state_dict())
        first.load_state_dict(second.state_dict())
        second.load_state_dict(state)

    return apply


def shuffle_groups(weight, groups=8):
    """Filter i of group g where filter g of "group" i would be."""
    return weight.unflatten(0, (groups, -1)).transpose(0, 1).flatten(0, 1)


def nothing(net):
    pass


def unchanged(x):
    return x


# name: (what is done to the network, what is done to the input)
FAULTS = {
    "none": (nothing, unchanged),
    "bn-eps-1e-3": (lambda net: set_epsilon(net, 1e-3), unchanged),
    "bn-eps-1e-6": (lambda net: set_epsilon(net, 1e-6), unchanged),
    "bn-eps-0": (lambda net: set_epsilon(net, 0.0), unchanged),
    "same-padding": (pad_same, unchanged),
    "pool-padding": (lambda net: pad_same(net, pool_only=True), unchanged),
    "pool-ceil-mode": (lambda net: setattr(net, "maxpool", nn.MaxPool2d(3, 2, 1, ceil_mode=True)), unchanged),
    "stride-moved": (stride_first, unchanged),
    "relu-before-add": (relu_before_add, unchanged),
    "avgpool-max": (lambda net: setattr(net, "avgpool", nn.AdaptiveMaxPool2d(1)), unchanged),
    "bgr-input": (nothing, lambda x: x.flip(1)),
    "normalisation-doubled": (nothing, lambda x: (x - MEAN) / STD),
    "normalisation-missing": (nothing, lambda x: x * STD + MEAN),
    "rounded-f16": (lambda net: round_weights(net, torch.float16), unchanged),
    "rounded-bf16": (lambda net: round_weights(net, torch.bfloat16), unchanged),
    "kernel-rotated": (edit("layer2.0.conv2.weight", lambda w: w.flip(2, 3)), unchanged),
    "kernel-transposed": (edit("layer4.0.conv2.weight", lambda w: w.transpose(2, 3)), unchanged),
    "group-order": (edit("layer3.1.conv2.weight", shuffle_groups), unchanged),
    "bn-exchanged": (exchange("layer1.1.bn1", "layer1.1.bn2"), unchanged),
    "running-mean-unloaded": (edit("layer3.0.bn2.running_mean", torch.zeros_like), unchanged),
    "classes-reversed": (lambda net: [edit(f"fc.{leaf}", lambda t: t.flip(0))(net) for leaf in ("weight", "bias")],
                         unchanged),
    "fc-bias-missing": (edit("fc.bias", torch.zeros_like), unchanged),
}


def summary(tap):
    return [tap.mean(), tap.std(correction=0), tap.abs().max(), torch.linalg.vector_norm(tap)]


@torch.no_grad()
def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "Fixtures"
    net = fixtures.NarrowResNet(fixtures.SMALL_NETS[NET])
    net.load_state_dict(torch.load(root / "checkpoints" / f"{NET}.pth", weights_only=True))
    net = net.eval().double()
    seed = fixtures.named_seed(NET, "faults")
    x = fixtures.multiscale_input(seed, SHAPE).double()
    tensors, metadata = {}, {"input_formula": fixtures.input_formula(seed, SHAPE), "net": NET}
    for fault, (change, change_input) in FAULTS.items():
        faulty = copy.deepcopy(net)
        change(faulty)
        outputs = fixtures.run_free(faulty, "fc", change_input(x))
        logits = outputs.pop("logits")
        samples, numbers = [], []
        for stage, tap in outputs.items():
            start = fixtures.named_seed(NET, "faults", stage)
            metadata[f"seed.{stage}"] = str(start)
            tensor, _ = fixtures.sampled_tap(stage, tap, start, SAMPLES)
            samples.append(tensor[f"tap.{stage}.values"])
            numbers.append(torch.stack(summary(tap)))
        tensors[f"{fault}.logits"] = logits.contiguous()
        tensors[f"{fault}.taps"] = torch.stack(samples)
        tensors[f"{fault}.statistics"] = torch.stack(numbers)
        metadata["stages"] = ",".join(outputs)
        error = fixtures.relative_l2(logits, tensors["none.logits"])
        print(f"{fault}: relL2 {error:.2e}, same labels {bool((logits.argmax(1) == tensors['none.logits'].argmax(1)).all())}")
    path = root / "truth" / "faults.safetensors"
    save_file(tensors, path, metadata={"torch": torch.__version__, **metadata})
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
