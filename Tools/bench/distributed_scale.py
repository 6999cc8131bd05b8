#!/usr/bin/env python3
"""Time and memory of converting distributed checkpoints of any size, beside a copy of their bytes.

    python3 distributed_scale.py PTH2SWT DIR [--tensors 48] [--mebibytes 256] [--shards 8] [--rounds 3]

Writes a folder as torch.distributed.checkpoint does (numpy, no PyTorch) to DIR, with values by a formula; then, in
turn, copies it with `cp -r` and `sync`, and converts it with `--arch none`. Prints the median times, their ratio,
and the peak memory of the conversion. DIR needs room for three times the checkpoint; what was written is removed.
"""
import argparse
import collections
import io
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import time
import types
import zipfile

import numpy as np


def stub(module, name, reduce=None):
    """A class that pickles as module.name, without the module."""
    if module not in sys.modules:
        sys.modules[module] = types.ModuleType(module)
    kind = type(name, (), {"__module__": module, "__qualname__": name})
    if reduce:
        kind.__reduce__ = reduce
    setattr(sys.modules[module], name, kind)
    return kind


for parent in ("torch", "torch.distributed", "torch.distributed.checkpoint"):
    sys.modules.setdefault(parent, types.ModuleType(parent))
METADATA, FILESYSTEM = "torch.distributed.checkpoint.metadata", "torch.distributed.checkpoint.filesystem"
Metadata, Entry, Properties, Chunk, Index = (
    stub(METADATA, name) for name in (
        "Metadata", "TensorStorageMetadata", "TensorProperties", "ChunkStorageMetadata", "MetadataIndex"))
Info = stub(FILESYSTEM, "_StorageInfo")
Size = stub("torch", "Size", lambda self: (Size, (self.sizes,)))
float32 = stub("torch", "float32")
FloatStorage = stub("torch", "FloatStorage")
rebuild = stub("torch._utils", "_rebuild_tensor_v2")
Properties.__getstate__ = lambda self: (float32, False, False)


def make(kind, **attributes):
    value = kind.__new__(kind)
    value.__dict__.update(attributes)
    return value


def size(*sizes):
    return make(Size, sizes=tuple(sizes))


class Tensor:
    def __init__(self, shape):
        self.shape = shape

    def __reduce__(self):
        return rebuild, (Storage(self.shape), 0, self.shape, (self.shape[1], 1), False, collections.OrderedDict())


class Storage:
    def __init__(self, shape):
        self.count = shape[0] * shape[1]


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return ("storage", FloatStorage, "0", "cpu", value.count) if isinstance(value, Storage) else None


def archive(values):
    """What torch.save writes for a tensor."""
    pickled = io.BytesIO()
    Pickler(pickled, 2).dump(Tensor(values.shape))
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("archive/data.pkl", pickled.getvalue())
        file.writestr("archive/byteorder", "little")
        file.writestr("archive/data/0", values.tobytes())
        file.writestr("archive/version", "3\n")
    return data.getvalue()


def write(folder, tensors, rows, columns, shards):
    """Writes the folder; returns its size in bytes."""
    os.makedirs(folder)
    states, storage, planner, total = {}, {}, {}, 0
    files = [open(f"{folder}/__{shard}_0.distcp", "wb") for shard in range(shards)]
    step = -(-rows // shards)
    pattern = np.arange(step * columns, dtype=np.float32).reshape(step, columns)
    for tensor in range(tensors):
        name, chunks = f"layer{tensor}.weight", []
        for shard in range(shards):
            start = min(shard * step, rows)
            count = min(step, rows - start)
            if count == 0:
                continue
            data = archive(pattern[:count] + np.float32(tensor * shards + shard))
            offsets = size(start, 0)
            chunks.append(make(Chunk, offsets=offsets, sizes=size(count, columns)))
            index = make(Index, fqn=name, offset=offsets, index=shard)
            storage[index] = make(
                Info, relative_path=f"__{shard}_0.distcp", offset=files[shard].tell(), length=len(data))
            total += files[shard].write(data)
        states[name] = make(Entry, properties=make(Properties), size=size(rows, columns), chunks=chunks)
        planner[name] = (name,)
    for file in files:
        file.close()
    with open(f"{folder}/.metadata", "wb") as file:
        metadata = make(
            Metadata, state_dict_metadata=states, planner_data=planner, storage_data=storage, version="1.0.0")
        pickle.dump(metadata, file, 4)
    return total


def timed(command):
    """Seconds and peak memory in MiB of a command."""
    start = time.monotonic()
    process = subprocess.Popen(command, shell=True, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {command}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--tensors", type=int, default=48)
    parser.add_argument("--mebibytes", type=float, default=256, help="size of each tensor")
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    source, copy = f"{options.folder}/checkpoint", f"{options.folder}/copy"
    output = f"{options.folder}/x.swt"
    elements = max(int(options.mebibytes * (1 << 18)), 1)
    columns = max(min(4096, elements // options.shards), 1)
    total = write(source, options.tensors, max(elements // columns, 1), columns, options.shards)
    subprocess.run("sync")
    copies, conversions, memory = [], [], 0
    try:
        for _ in range(options.rounds):
            copies.append(timed(f"cp -r {source} {copy} && sync {copy}/*")[0])
            shutil.rmtree(copy)
            seconds, peak = timed(f"exec {options.program} convert {source} -o {output} --arch none --quiet")
            conversions.append(seconds)
            memory = max(memory, peak)
            os.remove(output)
    finally:
        shutil.rmtree(source)
        shutil.rmtree(copy, ignore_errors=True)
    a, b = statistics.median(copies), statistics.median(conversions)
    print(f"{options.tensors} tensors, {options.shards} shards, {total / 1e9:.3f} GB: cp {a:.2f} s, convert {b:.2f} s, "
          f"ratio {b / a:.2f}; peak memory {memory:.0f} MiB")


main()
