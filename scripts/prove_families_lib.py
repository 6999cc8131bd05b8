"""What the scripts about key families share."""

import torch


def import_torchvision():
    """Imports torchvision beside any build of torch.

    Its compiled operators load only with the very build of torch they were made for; the networks need none of them,
    but the import declares `nms` and `qnms` fake, which must exist.
    """
    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        try:
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        except RuntimeError:
            pass  # already there: this torchvision matches this torch
    import torchvision

    return torchvision, library  # the declarations live as long as the library object
