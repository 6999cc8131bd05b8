"""Seeded torchvision networks. `python networks.py NAME FOLDER` writes NAME.pth, NAME.onnx and input.npy;
`python networks.py NAME FOLDER BATCH COMPUTE` the ONNX file of a batch, for i8 in 8 bits: NAME-BATCH-COMPUTE.onnx.

`networks.NAME()` makes one, for the script of `pth2swt golden make`.
"""
import os
import sys

import torch


def torchvision():
    """Imports torchvision with any build of torch; its compiled operators are not needed here."""
    try:
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torchvision.library = library  # keeps the declarations alive
    except RuntimeError:
        pass  # already declared
    import torchvision as module

    return module


def skeleton(name):
    """The network on the meta device, without values."""
    with torch.device("meta"):
        return getattr(torchvision().models, name)(weights=None)


def load(name, path):
    """The network with the values of a state dict, loaded as fast as PyTorch can: mapped, without
    initialization."""
    network = skeleton(name)
    network.load_state_dict(torch.load(path, mmap=True, weights_only=True), assign=True)
    return network.eval()


def image():
    return torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))


def make(name):
    """Random weights by torchvision's own rule; BatchNorm's statistics are those of random images, so
    activations are about as large as in a trained network."""
    torch.manual_seed(0)
    network = getattr(torchvision().models, name)(weights=None)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(4, 3, 128, 128))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.1
    return network.eval()


def __getattr__(name):
    if name.startswith(("resnet", "resnext", "wide_resnet")):
        return lambda: skeleton(name).to_empty(device="cpu")
    raise AttributeError(name)


def export(network, images, path):
    """The ONNX file of one batch size, in which engines fold BatchNorm."""
    torch.onnx.export(network, images, path, dynamo=False)


def quantized(path, target, images):
    """The ONNX file in 8 bits (QDQ: weights per channel, symmetric; activations uint8), calibrated with the images."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Images(CalibrationDataReader):
        left = []

        def get_next(self):
            return self.left.pop() if self.left else None

    import onnx

    quant_pre_process(path, target + ".folded", skip_symbolic_shape=True)
    reader = Images()
    reader.left = [{onnx.load(target + ".folded").graph.input[0].name: images.numpy()}]
    quantize_static(target + ".folded", target, reader, quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    os.remove(target + ".folded")


def reduced(name, folder, batch, compute):
    target = os.path.join(folder, f"{name}-{batch}-{compute}.onnx")
    images = image().repeat(batch, 1, 1, 1)
    plain = target if compute != "i8" else target + ".float"
    export(load(name, os.path.join(folder, f"{name}.pth")), images, plain)
    if compute == "i8":
        quantized(plain, target, images)
        os.remove(plain)


if __name__ == "__main__":
    import numpy

    name, folder = sys.argv[1:3]
    if len(sys.argv) > 3:
        reduced(name, folder, int(sys.argv[3]), sys.argv[4])
        sys.exit()
    network = make(name)
    numpy.save(os.path.join(folder, "input.npy"), image().numpy())
    torch.onnx.export(network, image(), os.path.join(folder, f"{name}.onnx"), dynamo=False)
    torch.save(network.state_dict(), os.path.join(folder, f"{name}.pth"))
