#!/usr/bin/env bash
# onnxruntime 1.32.0 and openvino 2026.4.1 (PyPI), onnx 1.23.2, numpy 2.4.6, on x86-64: whether max pooling keeps a
# NaN depends on where in its window the NaN is, and the engines' ReLUs disagree about it.
#
# PyTorch's max_pool2d returns NaN for every window that has one. In ONNX Runtime a NaN survives only as the last
# element of its window (a vector maximum returns its second operand); OpenVINO drops it in windows, and makes it 0
# in Relu, which ONNX Runtime keeps. So a checkpoint with one NaN filter, whose logits are all NaN in PyTorch, can
# have finite logits, and a confident class, in an engine: a test for NaN of the logits does not find it, and the
# first layer that "differs" is a pooling or ReLU whose weights are right.
#
# Seen, the result of a window of 3 x 3 ones with a NaN at index 0 ... 8:
#       onnxruntime  1 1 1 1 1 1 1 1 nan    Relu(nan) nan
#       openvino     1 1 1 1 1 1 1 1 1      Relu(nan) 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'EOT'
import numpy
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper


def engines(kind, **attributes):
    node = helper.make_node(kind, ["x"], ["y"], **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 16, 6, 6])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    model = helper.make_model(
        helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, "model.onnx")
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    core = openvino.Core()
    compiled = core.compile_model(core.read_model("model.onnx"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {"onnxruntime": lambda x: session.run(None, {"x": x})[0], "openvino": lambda x: compiled(x)[0]}


def ones_with_nan(row, column):
    x = numpy.ones((1, 16, 6, 6), "f4")
    x[:, :, row, column] = numpy.nan
    return x


pool = engines("MaxPool", kernel_shape=[3, 3], strides=[3, 3])
relu = engines("Relu")
kept = {}
for name in pool:
    windows = [float(pool[name](ones_with_nan(i // 3, i % 3))[0, 0, 0, 0]) for i in range(9)]
    of_relu = float(relu[name](ones_with_nan(0, 0))[0, 0, 0, 0])
    print(f"{name:12}", *("nan" if v != v else int(v) for v in windows), "   Relu(nan)", of_relu)
    kept[name] = ([i for i, v in enumerate(windows) if v != v], of_relu != of_relu)
print("onnxruntime", onnxruntime.__version__, "openvino", openvino.__version__.split("-")[0])
assert kept["onnxruntime"] == ([8], True), "ONNX Runtime treats NaN otherwise now"
assert kept["openvino"] == ([], False), "OpenVINO treats NaN otherwise now"
EOT
