"""Compares whole processes: `pth2swt verify`, and Python that loads the same checkpoint and runs it."""
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = """
import sys
sys.path.insert(0, sys.argv[1])
import networks, torch
network = networks.load(sys.argv[2], sys.argv[3])
with torch.inference_mode():
    print(network(networks.image()).argmax().item())
"""


def prepare(tool, network, folder):
    """A weight file with an embedded golden."""
    model = f"{folder}/{network}.golden.swt"
    checkpoint = f"{folder}/{network}.pth"
    if os.path.exists(model) and os.path.getmtime(model) >= os.path.getmtime(checkpoint):
        return model
    script, goldens = f"{folder}/make_golden.py", f"{folder}/{network}.goldens"
    with open(script, "w") as file:
        file.write(tool("golden", "make", "--print-script"))
    os.makedirs(goldens, exist_ok=True)
    for old in os.listdir(goldens):
        os.remove(f"{goldens}/{old}")
    subprocess.run(
        [sys.executable, os.path.abspath(script), "--model", f"networks:{network}", "--inputs", "1",
         "--state-dict", os.path.abspath(checkpoint), "--out", os.path.abspath(goldens)],
        cwd=HERE, check=True, stdout=sys.stderr)
    tool.convert(checkpoint, model, "--golden", f"{goldens}/{os.listdir(goldens)[0]}")
    return model


def spawn(words):
    """Wall time in seconds and peak resident memory in bytes of one process."""
    start = time.perf_counter()
    pid = os.posix_spawn(
        words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"bench: {' '.join(words[:3])} … ended with {os.waitstatus_to_exitcode(status)}")
    return {"s": seconds, "rss": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)}


def compare(tool, network, folder, rounds, progress):
    """Runs whole processes alternately, with their default numbers of threads; the files are in the page
    cache."""
    model = prepare(tool, network, folder)
    checkpoint = f"{folder}/{network}.pth"
    ours = [os.path.abspath(tool.path), "verify", model]
    python = [sys.executable, "-c", PYTHON, HERE, network, checkpoint]
    result = {"network": network, "weights": os.path.getsize(checkpoint), "rounds": []}
    for words in (ours, python):
        spawn(words)  # fills the page cache, and writes Python's bytecode
    for number in range(rounds):
        pair = [("pth2swt", ours), ("python", python)]
        if number % 2:
            pair.reverse()
        result["rounds"].append({name: spawn(words) for name, words in pair})
        progress(f"{network}, cold, round {number + 1} of {rounds}: " + ", ".join(
            f"{name} {one['s']:.3f} s" for name, one in sorted(result["rounds"][-1].items())))
    return result


def median(result, name, kind):
    return statistics.median(one[name][kind] for one in result["rounds"])


def ratio(result):
    """Python's time divided by ours, as the median over the rounds."""
    return statistics.median(one["python"]["s"] / one["pth2swt"]["s"] for one in result["rounds"])
