#!/usr/bin/env python3
"""Compares the output of Examples/c-pth/list.c with Fixtures/truth: check_list.py PROGRAM CHECKPOINT TRUTH."""
import json
import subprocess
import sys

program, checkpoint, truth = sys.argv[1:]
lines = subprocess.run([program, checkpoint], check=True, capture_output=True, text=True).stdout.splitlines()
found = [line.rsplit(" ", 1)[0] for line in lines]
wanted = [f'{t["name"]} {t["dtype"]} {t["shape"]}' for t in json.load(open(truth))]
if found != wanted:
    sys.exit(f"{len(found)} and {len(wanted)} tensors; {[p for p in zip(found, wanted) if p[0] != p[1]][:3]}")
print(f"{len(found)} tensors as PyTorch has them")
