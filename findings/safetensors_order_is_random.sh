#!/usr/bin/env bash
# safetensors 0.8.0 (PyPI), numpy 2.4.6: reading the same bytes twice gives the tensors in another order each time,
# and no way of reading gives the order in which they were saved.
#
# save_file stores tensors by type, the widest first, then by name, so the order of the state dict is lost.
# load_file returns that order; safe_open().keys() is alphabetical; load(bytes) returns the order of a hash table
# with a random seed, a new one in each call. Code that pairs weights by position (zip(old.values(),
# new.values())), as ports do for parameters whose names changed, works with torch.load, pairs wrong tensors with
# load_file, and wrong ones at random with load.
#
# Seen: saved       layer10 layer2 conv1 steps bias
#       load_file   steps bias conv1 layer10 layer2
#       keys()      bias conv1 layer10 layer2 steps
#       load(bytes) 20 calls in one process: more than ten different orders
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet safetensors==0.8.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'EOT'
import numpy
import safetensors
from safetensors.numpy import load, load_file, save_file

saved = {"layer10": "f4", "layer2": "f2", "conv1": "f4", "steps": "i8", "bias": "f4"}
save_file({name: numpy.zeros(2, kind) for name, kind in saved.items()}, "a.safetensors")
with open("a.safetensors", "rb") as file:
    content = file.read()
with safetensors.safe_open("a.safetensors", "np") as file:
    keys = list(file.keys())
from_file = list(load_file("a.safetensors"))
from_bytes = {tuple(load(content)) for _ in range(20)}

print("safetensors", safetensors.__version__)
print("saved      ", *saved)
print("load_file  ", *from_file)
print("keys()     ", *keys)
print("load(bytes)", len(from_bytes), "orders in 20 calls, among them", min(from_bytes))
assert from_file == ["steps", "bias", "conv1", "layer10", "layer2"], "load_file has another order now"
assert keys == sorted(saved), "keys() are not alphabetical any more"
assert len(from_bytes) > 1, "load(bytes) always has the same order now"
EOT
