#!/usr/bin/env python3
"""Makes Fixtures/imports: one forward pass of resnext_small as other programs write it down.

    python3 scripts/make_import_fixtures.py        # needs torch, torchvision, numpy, safetensors, onnx==1.23.2

  pair.npz, positional.npz   numpy.savez by name; numpy.savez_compressed by order
  x.npy, y.npy               input and logits
  pair.pt                    torch.save of {"input", "logits"}
  timm.safetensors           the names of timm's test tensors: input, output, features, pre_logits
  onnx/test_data_set_N       onnx.TensorProto: raw_data, and float_data
  onnx/dtypes.json           every element type of ONNX that holds numbers, raw and typed: the message and its values' bytes
"""
import json
import pathlib

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

import make_fixtures

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Fixtures"
DTYPES = ["FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "BOOL", "FLOAT16", "DOUBLE", "UINT32",
          "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2",
          "FLOAT8E5M2FNUZ"]


def network():
    net = make_fixtures.NarrowResNet(make_fixtures.SMALL)
    state = torch.load(FIXTURES / "checkpoints" / "resnext_small.pth", weights_only=True)
    net.load_state_dict(state)
    return net.eval()


def values(name):
    """Six values of that type that are not all alike, as numpy has it."""
    dtype = helper.tensor_dtype_to_np_dtype(getattr(TensorProto, name))
    plain = np.array([[0, 1, 2], [3, 5, 7]])
    if name.startswith(("INT", "FLOAT", "DOUBLE", "BFLOAT")):
        plain = plain * np.array([[1, -1, 1], [1, 1, -1]])
    if name == "FLOAT8E4M3FNUZ" or name == "FLOAT8E5M2FNUZ" or "COMPLEX" not in name:
        return plain.astype(dtype)
    return (plain + 1j * plain[::-1]).astype(dtype)


def dtypes():
    records = []
    for name in DTYPES:
        array = values(name)
        raw = numpy_helper.from_array(array, name)
        flat = array.flatten()
        typed = helper.make_tensor(name, getattr(TensorProto, name), array.shape, flat, raw=False)
        for form, message in (("raw", raw), ("typed", typed)):
            records.append({
                "type": name, "form": form, "message": message.SerializeToString().hex(),
                "values": array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes().hex(),
            })
    return records


@torch.no_grad()
def main():
    out = FIXTURES / "imports"
    net = network()
    x = make_fixtures.multiscale_input(41, (1, 3, 13, 11))
    y = net(x)
    features = net.layer4(net.layer3(net.layer2(net.layer1(net.maxpool(net.relu(net.bn1(net.conv1(x))))))))
    (out / "onnx").mkdir(parents=True, exist_ok=True)
    a, b = x.numpy(), y.numpy()
    np.savez(out / "pair.npz", input=a, logits=b)
    np.savez_compressed(out / "positional.npz", a, b)
    np.save(out / "x.npy", a)
    np.save(out / "y.npy", b)
    torch.save({"input": x, "logits": y}, out / "pair.pt")
    save_file({"input": x, "output": y, "features": features, "pre_logits": features.mean((2, 3))}, out / "timm.safetensors")
    for number, raw in enumerate((True, False)):
        folder = out / "onnx" / f"test_data_set_{number}"
        folder.mkdir(exist_ok=True)
        for name, array in (("input_0", a), ("output_0", b)):
            data = array.tobytes() if raw else array.flatten()
            message = helper.make_tensor(name, TensorProto.FLOAT, array.shape, data, raw=raw)
            (folder / f"{name}.pb").write_bytes(message.SerializeToString())
    (out / "onnx" / "dtypes.json").write_text(json.dumps(dtypes(), indent=0) + "\n")
    print(sum(p.stat().st_size for p in out.rglob("*") if p.is_file()), "bytes, onnx", onnx.__version__)


if __name__ == "__main__":
    main()
