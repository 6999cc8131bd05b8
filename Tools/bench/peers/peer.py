"""Runs one engine with one network, in a process that lasts as long as the comparison.

`python peer.py PEER NAME FOLDER THREADS BATCH COMPUTE` prints {"ready": version, "logits": […]}; then, for each line
"WARMUP RUNS" on standard input, {"ms": […]} with the time of each run. Output of libraries goes to standard
error.
"""
import json
import os
import sys
import time

PEER, NAME, FOLDER, THREADS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
BATCH, COMPUTE = int(sys.argv[5]), sys.argv[6]
os.environ["OMP_NUM_THREADS"] = str(THREADS)


def state_dict_network():
    import torch

    import networks

    torch.set_num_threads(THREADS)
    torch.set_num_interop_threads(1)
    network, images = networks.load(NAME, f"{FOLDER}/{NAME}.pth"), networks.image().repeat(BATCH, 1, 1, 1)
    if COMPUTE == "bf16":
        return torch, network.to(torch.bfloat16), images.to(torch.bfloat16)
    return torch, network, images


def torch_eager():
    torch, network, image = state_dict_network()

    def run():
        with torch.inference_mode():
            return network(image)

    return torch.__version__, run, lambda y: y[0].tolist()


def torch_channels_last():
    torch, network, images = state_dict_network()
    network, images = [x.to(memory_format=torch.channels_last) for x in (network, images)]
    with torch.no_grad():
        network = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, images)))

    def run():
        with torch.inference_mode():
            return network(images)

    return torch.__version__, run, lambda y: y[0].tolist()


def torch_frozen():
    torch, network, image = state_dict_network()
    with torch.no_grad():
        network = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, image)))

    def run():
        with torch.inference_mode():
            return network(image)

    return torch.__version__, run, lambda y: y[0].tolist()


def onnx_file():
    """The file with its input: batches and 8 bits have files of their own."""
    import numpy

    images = numpy.repeat(numpy.load(f"{FOLDER}/input.npy"), BATCH, axis=0)
    is_plain = BATCH == 1 and COMPUTE == "f32"
    return f"{FOLDER}/{NAME}.onnx" if is_plain else f"{FOLDER}/{NAME}-{BATCH}-{COMPUTE}.onnx", images


def onnxruntime():
    import onnxruntime

    path, images = onnx_file()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options,
                                           providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images}
    return onnxruntime.__version__, lambda: session.run(None, feed), lambda y: y[0][0].tolist()


def openvino():
    import openvino

    path, images = onnx_file()
    settings = {
        "INFERENCE_NUM_THREADS": THREADS,
        "INFERENCE_PRECISION_HINT": "bf16" if COMPUTE == "bf16" else "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
    # The tensor is set once, as in a C++ loop that calls only infer().
    request.set_input_tensor(openvino.Tensor(images))  # a copy: it owns its memory
    version = openvino.__version__.split("-")[0]
    return version, lambda: request.infer(), lambda y: request.get_output_tensor(0).data[0].tolist()


PEERS = {"torch": torch_eager, "torch frozen": torch_frozen, "torch channels-last": torch_channels_last,
         "ONNX Runtime": onnxruntime, "OpenVINO": openvino}


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    version, run, logits = PEERS[PEER]()
    print(json.dumps({"ready": version, "logits": logits(run())}), file=answers)
    for line in sys.stdin:
        warmup, runs = map(int, line.split())
        for _ in range(warmup):
            run()
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            run()
            times.append(1e3 * (time.perf_counter() - start))
        print(json.dumps({"ms": times}), file=answers)


if __name__ == "__main__":
    main()
