"""The network of a .swt file as a walk over its layers, for engines without torch."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Readers/python"))
import swt  # noqa: E402


class Network:
    """Plain ResNets and ResNeXts; BatchNorm is folded in float64."""

    def __init__(self, path, order="OIHW"):
        file = swt.open(path)
        self.weights, meta = file.weights(order), file.metadata
        self.layers, self.groups = meta["arch.layers"], meta["arch.groups"]
        self.epsilon = meta.get("arch.bn_eps", 1e-5)
        self.depth = 2 if meta["arch.block"] == "basic" else 3
        self.strided = 1 if self.depth == 2 or meta.get("arch.stride_on") == "conv1" else 2

    def unit(self, conv, norm):
        """Weight and bias of a convolution and its BatchNorm."""
        weight = self.weights[conv + ".weight"]
        if norm + ".weight" not in self.weights:
            return weight, self.weights[conv + ".bias"]
        gamma, beta, mean, variance = (self.weights[f"{norm}.{leaf}"].astype(np.float64)
                                       for leaf in ("weight", "bias", "running_mean", "running_var"))
        scale = gamma / np.sqrt(variance + self.epsilon)
        return ((weight * scale[:, None, None, None]).astype(np.float32),
                (beta - mean * scale).astype(np.float32))

    def run(self, x, engine):
        """Every stage's output by the name of its tap; `engine` has conv, relu, maxpool, add, mean and dense."""
        def conv(x, name, norm, stride=1, groups=1):
            weight, bias = self.unit(name, norm)
            return engine.conv(x, weight, bias, stride, weight.shape[2] // 2, groups)

        outputs = {"conv1": engine.relu(conv(x, "conv1", "bn1", 2))}
        outputs["maxpool"] = x = engine.maxpool(outputs["conv1"])
        for stage, count in enumerate(self.layers, 1):
            for index in range(count):
                block = f"layer{stage}.{index}"
                stride = 2 if stage > 1 and index == 0 else 1
                y = x
                for k in range(1, self.depth + 1):
                    y = conv(y, f"{block}.conv{k}", f"{block}.bn{k}", stride if k == self.strided else 1,
                             self.groups if self.depth == 3 and k == 2 else 1)
                    y = engine.relu(y) if k < self.depth else y
                if f"{block}.downsample.0.weight" in self.weights:
                    x = conv(x, f"{block}.downsample.0", f"{block}.downsample.1", stride)
                outputs[block] = x = engine.relu(engine.add(y, x))
        outputs["avgpool"] = x = engine.mean(x)
        outputs["logits"] = engine.dense(x, self.weights["fc.weight"], self.weights["fc.bias"])
        return outputs
