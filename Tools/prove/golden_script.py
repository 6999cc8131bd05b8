#!/usr/bin/env python3
"""The script of `golden make --print-script`, on networks as users write them.

    Tools/prove/golden_script.py .build/release/pth2swt        needs torch and torchvision

Each network is saved, converted and verified with the golden that the script makes of it; a wrong argument is one
sentence and exit 1. In particular, the golden is of what the user's forward computes: a backbone brings a classifier
of 1000 classes that a head of 5 replaces, and a golden of the backbone would be another network's.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fixtures"))
import torch_compat  # noqa: E402
import torch  # noqa: E402

NETWORKS = '''
import os, sys
sys.path.insert(0, {fixtures!r})
import torch_compat
torch_compat.import_torchvision()
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

def small(classes=1000):
    return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=classes, groups=4, width_per_group=8)

def five(): return small(5)

def wide(): return ResNet(Bottleneck, [1, 1, 1, 1], width_per_group=128)

def basic(): return ResNet(BasicBlock, [2, 1, 1, 1])

def headless():
    net = small()
    net.fc = nn.Identity()
    return net

class Head(nn.Module):
    def __init__(self, backbone=headless):
        super().__init__()
        self.backbone, self.head = backbone(), nn.Linear(2048, 5)
    def forward(self, x): return self.head(self.backbone(x))

class OwnForward(Head):
    """Never calls the backbone's fc."""
    def __init__(self): super().__init__(small)
    def forward(self, x):
        b = self.backbone
        x = b.maxpool(b.relu(b.bn1(b.conv1(x))))
        x = b.layer4(b.layer3(b.layer2(b.layer1(x))))
        return self.head(torch.flatten(b.avgpool(x), 1))

class TwoOutputs(OwnForward):
    def forward(self, x):
        features = torch.flatten(self.backbone.avgpool(self.features(x)), 1)
        return self.head(features), self.backbone.fc(features)
    def features(self, x):
        b = self.backbone
        return b.layer4(b.layer3(b.layer2(b.layer1(b.maxpool(b.relu(b.bn1(b.conv1(x))))))))
'''

# Network of the weights, what --model says, how many classes the golden has, or what the script refuses.
CASES = [
    ("Head", "networks:Head", 5),
    ("OwnForward", "networks:OwnForward", 5),
    ("five", "networks:five", 5),
    ("five", "networks:small", 5),
    ("headless", "networks:headless", None),
    ("TwoOutputs", "networks:TwoOutputs", "several linear layers may be the classifier"),
    ("Head", "networks.Head", "did you mean networks:Head?"),
    ("Head", "networks:Nope", "neither a file nor package.module:function"),
    ("Head", "Head.pth", "is a dict, not a module"),
    ("Head", "nothing.pth", "neither a file nor package.module:function"),
    ("Head", "networks:basic", "no state dict with the names of this model"),
    ("five", "networks:wide", "the weights do not fit --model networks:wide: size mismatch"),
    ("missing", "networks:Head", "missing.pth cannot be loaded"),
]


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        fixtures = str(pathlib.Path(torch_compat.__file__).parent)
        pathlib.Path("networks.py").write_text(NETWORKS.format(fixtures=fixtures))
        script = subprocess.run([program, "golden", "make", "--print-script"], check=True, capture_output=True)
        pathlib.Path("make_golden.py").write_bytes(script.stdout)
        sys.path.insert(0, folder)
        import networks
        torch.manual_seed(5)
        for name in {name for name, _, _ in CASES} - {"missing"}:
            model = getattr(networks, name)()
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.running_mean.normal_(0, 0.1)
                    module.running_var.uniform_(0.8, 1.2)
            torch.save({"model": model.state_dict()}, f"{name}.pth")
        for number, (name, model, expected) in enumerate(CASES):
            wrong = check(program, name, model, expected, f"goldens{number}")
            print("ok  " if wrong is None else "FAIL", name, model, "" if wrong is None else f"\n{wrong}")
            failures += [model] if wrong else []
    print(f"{len(CASES) - len(failures)} of {len(CASES)}")
    return 1 if failures else 0


def check(program, name, model, expected, out):
    """What is wrong with one case; None if nothing is."""
    made = subprocess.run([sys.executable, "make_golden.py", "--model", model, "--state-dict", f"{name}.pth",
                           "--inputs", "1", "--size", "64", "--out", out], capture_output=True, text=True)
    if isinstance(expected, str):
        right = made.returncode == 1 and expected in made.stderr and "Traceback" not in made.stderr
        return None if right else f"exit {made.returncode}: {made.stdout}{made.stderr}"
    if made.returncode:
        return made.stderr
    if "float64 …" not in made.stderr or "Warning" in made.stderr:
        return f"the progress is: {made.stderr}"
    goldens = [f"{out}/{file}" for file in os.listdir(out)]
    subprocess.run([program, "convert", f"{name}.pth", "-o", f"{out}.swt", "--quiet"], check=True)
    shown = subprocess.run([program, "golden", "show", *goldens], capture_output=True, text=True).stdout
    if expected and f"[1, {expected}]" not in shown:
        return f"the golden is not of {expected} classes: {shown}"
    verdict = subprocess.run([program, "verify", f"{out}.swt", *goldens, "--source", f"{name}.pth"],
                             capture_output=True, text=True)
    return None if verdict.returncode == 0 else verdict.stdout + verdict.stderr


if __name__ == "__main__":
    sys.exit(main())
