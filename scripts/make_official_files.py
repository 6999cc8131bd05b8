#!/usr/bin/env python3
"""Makes Sources/ResNet/Conventions/OfficialFileTable.swift: which published files there are, and what they want.

    pip install -r scripts/requirements-families.txt
    python3 scripts/make_official_files.py

The facts come from torchvision's weight enumerations and timm's configurations, as installed; the few that no
package states are below, with their source. A file is known by the first eight digits of its SHA-256, which torch.hub
puts into its name.
"""

import math
import pathlib
import re

from prove_families_lib import import_torchvision

torchvision, _KEEP = import_torchvision()
import timm.models.resnet
from torchvision.models import detection, segmentation

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Sources/ResNet/Conventions/OfficialFileTable.swift"
NAME = re.compile(r"([^/]+-[0-9a-f]{8})\.pth$")
# Networks of timm that no ResNet of this package is: other poolings, GroupNorm, widths cut by pruning.
OTHERS = re.compile(r"resnetrs|senet154|_pruned|resnet50_gn")
ANTIALIASED = re.compile(r"resnetblur|resnetaa|nextaa")


def entries():
    """(file, network, size, resize, interpolation, remark) in order of publication source."""
    seen = set()

    def once(url, *rest):
        match = NAME.search(url or "")
        if match and match[1] not in seen:
            seen.add(match[1])
            yield (match[1], *rest)

    for name in torchvision.models.list_models(module=torchvision.models, include=["*resnet*", "*resnext*"]):
        for weights in torchvision.models.get_model_weights(name):
            preset = weights.transforms.keywords
            yield from once(weights.url, name, preset["crop_size"], preset.get("resize_size", 256), "bilinear", "")
    # Uploaded again since; pretrainedmodels/models/torchvision_models.py still names them.
    for name, digits in [("resnet18", "5c106cde"), ("resnet34", "333f7ec4"), ("resnet50", "19c8e357"),
                         ("resnet101", "5d3b4d8f"), ("resnet152", "b121ed2d")]:
        yield from once(f"{name}-{digits}.pth", name, 224, 256, "bilinear", "")
    # pretrainedmodels/models/resnext.py.
    for name, digits in [("resnext101_32x4d", "29e315fa"), ("resnext101_64x4d", "e77a0586")]:
        yield from once(f"{name}-{digits}.pth", name, 224, 256, "bilinear", "")
    # akamaster/pytorch_resnet_cifar10, trainer.py: CIFAR's own 32x32 pixels.
    for name, digits in [("resnet20", "12fca82f"), ("resnet44", "014dd654")]:
        yield from once(f"{name}-{digits}.pth", name, 32, 32, "bilinear", "")
    for name, group in timm.models.resnet.default_cfgs.items():
        for tag, cfg in group.cfgs.items():
            if OTHERS.search(name) or not cfg.url:
                continue
            size = (cfg.test_input_size or cfg.input_size)[1]
            crop = (cfg.test_input_size and cfg.test_crop_pct) or cfg.crop_pct
            assert cfg.mean == (0.485, 0.456, 0.406) and cfg.std == (0.229, 0.224, 0.225), name
            remark = "antialiased" if ANTIALIASED.search(name) else "cc-by-nc" if "nc" in (cfg.license or "") else ""
            yield from once(cfg.url, name, size, math.floor(size / crop), cfg.interpolation, remark)
    # Detectors and segmenters have a geometry for each image. The first detectors were trained with another epsilon:
    # torchvision/models/detection, overwrite_eps.
    first = {"fasterrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn", "retinanet_resnet50_fpn"}
    for module in (detection, segmentation):
        for name in torchvision.models.list_models(module=module):
            if "resnet50" not in name and "resnet101" not in name:
                continue
            for weights in torchvision.models.get_model_weights(name):
                zero = name in first and weights.name == "COCO_V1"
                yield from once(
                    weights.url, "resnet101" if "resnet101" in name else "resnet50", 0, 0, "-", "eps0" if zero else "")


def main():
    lines = [f'    {" ".join(map(str, entry)).strip()}' for entry in entries()]
    text = (
        "// Written by scripts/make_official_files.py: do not edit by hand.\n\n"
        "extension OfficialFile {\n"
        "  /// One file on a line: name with digits, network, size, resize, interpolation, remark. A size of 0: no geometry.\n"
        f"  /// From torchvision {torchvision.__version__.split('+')[0]} and timm {timm.__version__}.\n"
        '  static let table = """\n' + "\n".join(lines) + '\n    """\n}\n'
    )
    TARGET.write_text(text)
    print(f"{TARGET.name}: {len(lines)} files")


if __name__ == "__main__":
    main()
