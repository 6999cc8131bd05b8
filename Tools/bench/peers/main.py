"""Compares our forward pass with other engines'; Tools/bench/engines calls this."""
import argparse
import json
import os
import subprocess
import sys

# This process stays small, without torch and numpy, because a child's peak memory starts at its parent's.
import cold
import layers
import ours
import report
import warm

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "../../../Sources/ResNetEngine/ResNetEngine.docc/Speed.md")
NETWORKS = "resnext50_32x4d,resnext101_32x8d,resnext101_64x4d,resnet50"


def arguments():
    parser = argparse.ArgumentParser(prog="Tools/bench/engines", description=__doc__)
    parser.add_argument("--networks", default=NETWORKS, help="torchvision's names (default: %(default)s)")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default: %(default)s)")
    parser.add_argument("--peers", default=",".join(warm.PEERS), help="of batch 1 (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=1, help="images per forward pass (default: %(default)s)")
    parser.add_argument("--compute", help="with a table per image: numbers, of f32,bf16,i8")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=9,
                        help="timed forward passes per round (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=3,
                        help="untimed forward passes before them (default: %(default)s)")
    parser.add_argument("--cold", action="store_true",
                        help="compare whole processes, verify and Python, from start to exit")
    parser.add_argument("--write", action="store_true", help="write the tables to Speed.md")
    parser.add_argument("--tool", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def make(network, folder):
    """Makes the network's checkpoint, its ONNX file and the input, unless they exist."""
    if not all(os.path.exists(f"{folder}/{file}")
               for file in (f"{network}.pth", f"{network}.onnx", "input.npy")):
        progress(f"making {network}")
        subprocess.run([sys.executable, os.path.join(HERE, "networks.py"), network, folder], check=True,
                       stdout=sys.stderr)


def cold_tables(options, tool, folder):
    results = [cold.compare(tool, network, folder, options.rounds, progress) for network in options.networks]
    torch = subprocess.check_output([sys.executable, "-c", "import torch; print(torch.__version__)"],
                                    text=True)
    finish(options, "cold", results, report.cold_text(results,
                                                      f"pth2swt {tool.version()}, torch {torch.strip()}"))


def warm_tables(options, tool, folder):
    results = [
        warm.compare(tool, network, folder, threads, options.peers, options.rounds, options.warmup,
                     options.runs, progress)
        for network in options.networks for threads in options.threads]
    profiles = [
        layers.measure(tool, network, folder, options.threads[0], options.warmup, 3 * options.runs, progress)
        for network in options.networks]
    wrong = [f"{result['network']} {name} {error:.1e}" for result in results
             for name, error in result["difference"].items() if not error < 1e-3]
    options.write = options.write and not wrong
    finish(options, "warm", results, report.warm_text(results, profiles[0]["isa"], tool.version()))
    finish(options, "layers", profiles, report.layers_text(profiles))
    if wrong:
        raise SystemExit("bench: the engines compute different logits: " + ", ".join(wrong))


def batch_tables(options, tool, folder):
    """A batch, or other numbers than float32."""
    results = []
    for network in options.networks:
        for compute in options.compute.split(","):
            if not os.path.exists(f"{folder}/{network}-{options.batch}-{compute}.onnx"):
                subprocess.run([sys.executable, os.path.join(HERE, "networks.py"), network, folder,
                                str(options.batch), compute], check=True, stdout=sys.stderr)
            for threads in options.threads:
                results.append(warm.compare(
                    tool, network, folder, threads, warm.BATCH_PEERS[compute], options.rounds, options.warmup,
                    options.runs, progress, options.batch, compute))
    isa = tool.bench(f"{folder}/{options.networks[0]}.swt", 1, 0, 1)["isa"]
    finish(options, "batch", results, report.batch_text(results, isa, tool.version()))


def finish(options, section, results, text):
    """Writes all measurements as JSON, and the tables to standard output and, if requested, Speed.md."""
    with open(f"{options.work}/{section}.json", "w") as file:
        json.dump({"machine": report.machine(), "results": results}, file, indent=1)
    print(text)
    if options.write:
        report.insert(PAGE, section, text)


def main():
    options = arguments()
    options.networks, options.peers = options.networks.split(","), options.peers.split(",")
    options.threads = [int(count) for count in options.threads.split(",")]
    for network in options.networks:
        make(network, options.work)
    if options.batch > 1 and not options.compute:
        options.compute = "f32"
    tables = cold_tables if options.cold else batch_tables if options.compute else warm_tables
    tables(options, ours.Tool(options.tool), options.work)


if __name__ == "__main__":
    main()
