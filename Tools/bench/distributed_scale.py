#!/usr/bin/env python3
"""Time and memory of converting distributed checkpoints of any size, beside a copy of their bytes.

    python3 distributed_scale.py PTH2SWT DIR [--tensors 48] [--mebibytes 256] [--shards 8] [--rounds 3] [--fleet N]
                                [--limit NAME=N]

Writes a folder as torch.distributed.checkpoint does (numpy, no PyTorch) to DIR, with values by a formula; then, in
turn, copies it with `cp -r` and `sync`, and converts it with `--arch none`. Prints the median times, their ratio,
and the peak memory of the conversion. Tensors with fewer rows than shards are whole, in one shard each. With
`--fleet N` the folder has N such checkpoints, each of its own values, and they are converted to N files. DIR needs
room for three times the checkpoint; what was written is removed. `--mebibytes 0.0005` makes small tensors; a million need `--limit pickle-nodes=40000000`.
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
import zlib


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


class Archives:
    """Archives of tensors: those of equal shapes differ in their values and checksums alone."""

    def __init__(self):
        self.known = {}

    def __call__(self, values):
        data = values.tobytes()
        if values.shape not in self.known:
            whole = archive(values)
            crc = zlib.crc32(data).to_bytes(4, "little")
            places = [place for place in range(len(whole)) if whole.startswith(crc, place)]
            # Where the bytes of the checksum also occur by chance, the archive is made anew.
            self.known[values.shape] = (bytearray(whole), whole.index(data), places) if len(places) == 2 else None
        if self.known[values.shape] is None:
            return archive(values)
        whole, start, places = self.known[values.shape]
        whole[start:start + len(data)] = data
        for place in places:
            whole[place:place + 4] = zlib.crc32(data).to_bytes(4, "little")
        return whole


def write(folder, tensors, rows, columns, shards, first=0):
    """Writes the folder; returns its size in bytes."""
    import numpy as np  # only the process that writes needs it
    os.makedirs(folder)
    states, storage, planner, total = {}, {}, {}, 0
    files = [open(f"{folder}/__{shard}_0.distcp", "wb") for shard in range(shards)]
    step = rows if rows < shards else -(-rows // shards)
    pattern = np.arange(step * columns, dtype=np.float32).reshape(step, columns)
    archives, properties = Archives(), make(Properties)
    for tensor in range(tensors):
        name, chunks = f"layer{tensor}.weight", []
        for part in range(-(-rows // step)):
            shard = tensor % shards if rows < shards else part
            start = part * step
            count = min(step, rows - start)
            data = archives(pattern[:count] + np.float32(first + tensor * shards + part))
            offsets = size(start, 0)
            chunks.append(make(Chunk, offsets=offsets, sizes=size(count, columns)))
            index = make(Index, fqn=name, offset=offsets, index=part)
            storage[index] = make(
                Info, relative_path=f"__{shard}_0.distcp", offset=files[shard].tell(), length=len(data))
            total += files[shard].write(data)
        states[name] = make(Entry, properties=properties, size=size(rows, columns), chunks=chunks)
        planner[name] = (name,)
    for file in files:
        file.close()
    with open(f"{folder}/.metadata", "wb") as file:
        metadata = make(
            Metadata, state_dict_metadata=states, planner_data=planner, storage_data=storage, version="1.0.0")
        pickle.dump(metadata, file, 4)
    return total


def write_all(folder, options):
    """Writes the checkpoint, or the fleet; prints the size in bytes."""
    elements = max(int(options.mebibytes * (1 << 18)), 1)
    columns = max(min(4096, elements // options.shards), 1)
    rows = max(elements // columns, 1)
    if elements < 64 * options.shards:
        rows, columns = 1, elements
    if options.fleet == 0:
        print(write(folder, options.tensors, rows, columns, options.shards))
        return
    os.makedirs(folder)
    print(sum(
        write(f"{folder}/{n:05}", options.tensors, rows, columns, options.shards, n) for n in range(options.fleet)))


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
    parser.add_argument("--fleet", type=int, default=0, help="number of checkpoints; 0: one, not in a fleet")
    parser.add_argument("--limit", help="passed on to convert")
    parser.add_argument("--write", action="store_true", help="only write the checkpoint")
    options = parser.parse_args()
    source, copy = f"{options.folder}/checkpoint", f"{options.folder}/copy"
    output = f"{options.folder}/" + ("out" if options.fleet else "x.swt")
    if options.write:
        write_all(source, options)
        return
    # Linux counts the memory of the process that starts a program as that program's own, so this one stays small:
    # another writes the checkpoint.
    written = subprocess.run([sys.executable] + sys.argv + ["--write"], check=True, stdout=subprocess.PIPE)
    total = int(written.stdout)
    subprocess.run("sync")
    command = f"exec {options.program} convert {source} -o {output} --arch none --quiet"
    if options.limit:
        command += f" --limit {options.limit}"
    copies, conversions, memory = [], [], 0
    try:
        for _ in range(options.rounds):
            copies.append(timed(f"cp -r {source} {copy} && find {copy} -type f -exec sync {{}} +")[0])
            shutil.rmtree(copy)
            seconds, peak = timed(command)
            conversions.append(seconds)
            memory = max(memory, peak)
            shutil.rmtree(output) if options.fleet else os.remove(output)
    finally:
        shutil.rmtree(source)
        shutil.rmtree(copy, ignore_errors=True)
    a, b = statistics.median(copies), statistics.median(conversions)
    fleet = f"{options.fleet} checkpoints of " if options.fleet else ""
    print(f"{fleet}{options.tensors} tensors, {options.shards} shards, {total / 1e9:.3f} GB: cp {a:.2f} s, "
          f"convert {b:.2f} s, ratio {b / a:.2f}; peak memory {memory:.0f} MiB")


if __name__ == "__main__":
    main()
