"""pth2swt in the comparison: runs the tool as any user would."""
import array
import json
import os
import subprocess


class Tool:
    def __init__(self, path):
        self.path = path

    def __call__(self, *words):
        done = subprocess.run([self.path, *map(str, words)], stdout=subprocess.PIPE)
        if done.returncode != 0:
            raise SystemExit(f"bench: pth2swt {' '.join(map(str, words))} ended with {done.returncode}")
        return done.stdout.decode()

    def version(self):
        return self("--version").split()[1]

    def convert(self, checkpoint, output, *more):
        if not os.path.exists(output) or os.path.getmtime(output) < os.path.getmtime(checkpoint):
            self("convert", checkpoint, "-o", output, "--force", "--quiet", *more)
        return output

    def logits(self, model, image, output, threads, compute="f32"):
        self("run", model, image, "-o", output, "--force", "--quiet", "--threads", threads,
             "--compute", compute)
        return floats(output)

    def bench(self, model, threads, warmup, runs, *more):
        words = ["bench", model, "--threads", threads, "--warmup", warmup, "--runs", runs, "--json", *more]
        return json.loads(self(*words))


def floats(path):
    """The values of a little-endian float32 .npy file, version 1."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x93NUMPY\x01\x00" and b"'<f4'" in data[:128], path
    return array.array("f", data[10 + int.from_bytes(data[8:10], "little"):]).tolist()
