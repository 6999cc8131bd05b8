"""Latency of a loaded network: each engine in its own process, round by round."""
import json
import os
import statistics
import subprocess
import sys
import time

PEERS = ["torch", "torch frozen", "ONNX Runtime", "OpenVINO"]
# Who computes a batch, or in fewer bits. ONNX Runtime has no bf16 on processors; 8 bits are one QDQ file for both.
BATCH_PEERS = {
    "f32": ["torch channels-last", "ONNX Runtime", "OpenVINO"],
    "bf16": ["torch channels-last", "OpenVINO"],
    "i8": ["ONNX Runtime", "OpenVINO"],
}
OURS = "pth2swt"


class Peer:
    """A process of peer.py."""

    def __init__(self, name, network, folder, threads, batch, compute):
        script = os.path.join(os.path.dirname(__file__), "peer.py")
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, script, name, network, folder, str(threads), str(batch), compute],
            env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(os.path.join(folder, "peers.log"), "a"))
        answer = self.answer()
        self.version, self.logits = answer["ready"], answer["logits"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: {self.name} ended with {self.process.wait()}; see peers.log")
        return json.loads(line)

    def measure(self, warmup, runs):
        print(warmup, runs, file=self.process.stdin, flush=True)
        times = self.answer()["ms"]
        return {"min": min(times), "median": statistics.median(times)}

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def compare(tool, network, folder, threads, peers, rounds, warmup, runs, progress, batch=1,
            compute="f32"):
    """Runs all rounds of a network with a number of threads."""
    model = tool.convert(f"{folder}/{network}.pth", f"{folder}/{network}.swt")
    logits = tool.logits(model, f"{folder}/input.npy", f"{folder}/logits.npy", threads, compute)
    others = [Peer(name, network, folder, threads, batch, compute) for name in peers]
    result = {
        "network": network, "threads": threads, "batch": batch, "compute": compute, "runs": runs, "warmup": warmup, "rounds": [],
        "versions": {peer.name: peer.version for peer in others},
        "difference": {peer.name: difference(logits, peer.logits) for peer in others},
    }

    def turn(peer):
        time.sleep(0.2)  # lets other thread pools stop spinning
        if peer is not None:
            return peer.name, peer.measure(warmup, runs)
        report = tool.bench(model, threads, warmup, runs, "--batch", batch, "--compute", compute)
        result["multiply_adds"] = report["multiply_adds"]
        return OURS, dict(report["latency_ms"], peak=report["peak_gflops"])

    for number in range(rounds):
        # Each round starts with another engine, so none always runs on a processor heated by the same one.
        order = [None, *others]
        order = order[number % len(order):] + order[:number % len(order)]
        result["rounds"].append(dict(turn(peer) for peer in order))
        progress(f"{network}, threads {threads}, round {number + 1} of {rounds}: " + ", ".join(
            f"{name} {times['median']:.1f}" for name, times in sorted(result["rounds"][-1].items())))
    for peer in others:
        peer.end()
    return result


def difference(a, b):
    """The largest difference of two vectors of logits, relative to the largest logit."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) / max(map(abs, b))


def median_ms(result, name, kind="median"):
    return statistics.median(one[name][kind] for one in result["rounds"])


def ratios(result, name, kind="median"):
    """Our time divided by another engine's, in each round."""
    return [one[OURS][kind] / one[name][kind] for one in result["rounds"]]


def percent_of_peak(result, name):
    """Percent of the peak measured in the same round."""
    operations = 2e-6 * result["multiply_adds"]
    return statistics.median(100 * operations / one[name]["median"] / one[OURS]["peak"]
                             for one in result["rounds"])


def best_peer(result):
    """The engine to which we compare worst, and the median ratio to it."""
    return max(((name, statistics.median(ratios(result, name))) for name in result["versions"]),
               key=lambda x: x[1])
