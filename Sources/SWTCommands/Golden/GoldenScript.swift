/// The PyTorch side of golden tests: a script that needs only torch.
///
/// It runs the user's model in float64 and, in several ways, in float32; the deviation of the latter from the
/// former is the noise floor that verification uses.
enum GoldenScript {
  // swift-format-ignore
  static let text = #"""
    """Makes calibrated golden tests of a ResNet or ResNeXt, one file per input. Needs torch; Pillow only for --image."""
    import argparse, copy, ctypes, hashlib, importlib, json, os, struct, sys
    import torch
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True, help="a module saved whole (loading it runs its code: use only your own), or package.module:function")
    p.add_argument("--state-dict", help="weights to load into it; may be nested in a checkpoint")
    p.add_argument("--size", type=int, default=224, help="height and width of the inputs")
    p.add_argument("--inputs", type=int, default=2, help="number of formula inputs; the last has odd sizes and is a batch of two")
    p.add_argument("--image", nargs="*", default=[], help="pictures: short side resized to size*256/224, center crop, ImageNet mean and standard deviation")
    p.add_argument("--full-taps", action="store_true", help="store the layers' full outputs, so verify can test each block on its own")
    p.add_argument("--out", default=".", help="folder for the goldens")
    a = p.parse_args()
    torch.set_grad_enabled(False)
    sys.path.insert(0, os.getcwd())
    module, _, name = a.model.partition(":")
    model = torch.load(a.model, "cpu", weights_only=False) if os.path.exists(a.model) else getattr(importlib.import_module(module), name)()
    parts = {"conv1", "bn1", "maxpool", "layer1", "layer2", "layer3", "layer4"}  # inside DataParallel, torch.compile, your own wrapper
    net = next((m for m in model.modules() if parts <= m._modules.keys()), None) or sys.exit(f"no module with {sorted(parts)}")
    if a.state_dict:  # {"state_dict": {"module.conv1.weight": …}} -> {"conv1.weight": …}
        d, end = torch.load(a.state_dict, "cpu", weights_only=True), "layer1.0.conv1.weight"
        while not (at := [k.removesuffix(end) for k in d if k.endswith(end)]):
            d = next((v for v in d.values() if isinstance(v, dict)), None) or sys.exit("it has no state dict of a ResNet")
        net.load_state_dict({k[len(at[0]):]: v for k, v in d.items() if k.startswith(at[0])})
    raw = lambda t: ctypes.string_at((c := t.detach().contiguous()).data_ptr(), c.nbytes)
    sd, fc = net.cpu().eval().state_dict(), isinstance(getattr(net, "fc", None), torch.nn.Linear)
    net, out, deep = net.float(), "logits" if fc else "layer4", "layer1.0.conv3.weight" in sd
    planes = sd["layer1.0.conv3.weight"].shape[0] // 4 if deep else sd["layer1.0.conv1.weight"].shape[0]
    meta = {"digest." + k: hashlib.sha256(raw(v)).hexdigest() for k, v in sd.items()}
    lines = [f"{k} {str(v.dtype)[6:]} {'x'.join(map(str, v.shape))} {meta['digest.' + k]}\n" for k, v in sd.items()]
    meta |= {"weights_digest": hashlib.sha256("".join(sorted(lines)).encode()).hexdigest(), "arch.block": "bottleneck" if deep else "basic",
             "arch.base_planes": planes, "arch.layers": ",".join(str(len(getattr(net, f"layer{i}"))) for i in range(1, 5)),
             "arch.width_per_group": -(-sd["layer4.0.conv2.weight"].shape[1] * 8 // planes) if deep else 64, "arch.bn_eps": net.bn1.eps,
             "arch.groups": net.layer1[0].conv2.groups, "arch.head": "fc" if fc else "none"} | ({"arch.num_classes": net.fc.out_features} if fc else {})

    def run(net, x):  # the output of every stage; x is the input of the first, or a dict of the input of each
        stages, y, result = [("conv1", lambda x: torch.relu(net.bn1(net.conv1(x)))), ("maxpool", net.maxpool)], x, {}
        stages += [(f"layer{i}.{j}", b) for i in range(1, 5) for j, b in enumerate(getattr(net, f"layer{i}"))]
        for name, stage in stages + ([("avgpool", lambda x: x.mean((2, 3))), ("logits", net.fc)] if fc else []):
            y = result[name] = stage(x[name] if isinstance(x, dict) else y)
        return {**result, out: y}
    each = lambda f, x: {k: f(v) for k, v in x.items()} if isinstance(x, dict) else f(x)
    def variants(x):  # three more float32 runs
        ones = [run(net, each(lambda t: t[i : i + 1], x)) for i in range(len(x["conv1"] if isinstance(x, dict) else x))]
        last = run(net, each(lambda t: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t, x))
        with torch.backends.mkldnn.flags(enabled=False):
            return [last, {k: torch.cat([o[k] for o in ones]) for k in last}, run(net, x)]
    def double(kind=None):  # the network in float64, with weights as `convert --precision kind` rounds them
        other = copy.deepcopy(net).double()
        for m in (m for m in other.modules() if kind and isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))):
            scale = m.weight.flatten(1).abs().amax(1).clamp(min=1e-30).view(-1, *[1] * (m.weight.dim() - 1)) / 127
            m.weight.data = (m.weight / scale).round() * scale if kind == "int8" else m.weight.to(getattr(torch, kind)).double()
        return other
    def splitmix(x):  # on int64 tensors, whose products wrap around as required
        z = x - 0x61C8864680B583EB
        for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15), (31, 1)):
            z = (z ^ (z >> shift & (1 << 64 - shift) - 1)) * factor
        return z
    def multiscale(seed, shape):  # six octaves of block noise, exact in float32
        n, c, y, x = torch.meshgrid(*map(torch.arange, shape), indexing="ij")
        at = lambda k: splitmix(seed + (((n * 3 + c) * 8 + k) << 40) + ((y >> k) << 20) + (x >> k))
        return sum((((at(k) >> 48 & 0xFFFF) - 32768) << k for k in range(6)), (c - 1) * 131072).float() * 2.0**-19
    def picture(im, s=a.size):
        w, h = (max(s, round(v * s * 256 / 224 / min(im.size))) for v in im.size)
        im = im.resize((w, h), 2).crop((l := round((w - s) / 2), t := round((h - s) / 2), l + s, t + s))  # 2 is bilinear
        v = torch.frombuffer(bytearray(im.tobytes()), dtype=torch.uint8).view(1, s, s, 3).permute(0, 3, 1, 2).contiguous() / 255
        return (v - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    def make(name, x, formula=None):
        r, own = run(double(), x.double()), double()(x.double())
        if not torch.allclose(own.flatten(1), r[out].flatten(1), 1e-9, 1e-12):
            sys.exit("the model's forward does more than conv1, bn1, ReLU, maxpool, layer1 … layer4, average pooling, fc")
        feeds, default = dict(zip(r, [x] + [v.float() for v in r.values()])), run(net, x)
        runs = {"": (variants(x) + [default], r), "block.": (variants(feeds), run(double(), each(torch.Tensor.double, feeds)))}
        runs |= {k + ".": ([run(double(t), x.double())], r) for k, t in (("f16", "float16"), ("bf16", "bfloat16"), ("i8", "int8"))}
        m = {"pth2swt.golden": 1, "name": name, "producer": f"torch {torch.__version__} CPU", "output": out, "tolerance.k": 8, **meta,
             "made_with": "cpu; float32 variants: default, channels_last, one by one, mkldnn off", "torch_version": torch.__version__,
             **({"input_formula": formula} if formula else {}), "preprocess": "none" if formula else "resize, crop, ImageNet mean and std, RGB"}
        for kind, (outputs, want) in runs.items():
            for k, v in want.items():
                m[f"floor.{kind}{k}.rel_l2"] = max(2.0**-24, *(float((o[k] - v).norm() / v.norm()) for o in outputs))
                m[f"floor.{kind}{k}.max"] = max(2.0**-24, *(float((o[k] - v).abs().max() / v.std(correction=0)) for o in outputs))
        m |= {"labels_top5": ";".join(",".join(map(str, v)) for v in r[out].topk(min(5, r[out].shape[1])).indices.tolist())} if fc else {}
        tensors = {out + "_f64": r[out], out + "_f32": default[out], **({} if formula else {"input": x})}
        for i, (k, v) in enumerate((k, v) for k, v in r.items() if k != out):
            m |= {f"tap.{k}.seed": 1000 + i, f"tap.{k}.shape": ",".join(map(str, v.shape))}
            index = [j % 2**64 % v.numel() for j in splitmix(torch.arange(512) + 1000 + i).tolist()]  # 512 samples of each layer
            tensors |= {f"tap.{k}": v.float()} if a.full_taps else {f"tap.{k}.values": v.flatten()[index].float()}
        header, data = {"__metadata__": {k: str(v) for k, v in m.items()}}, b""
        for k, v in sorted(tensors.items(), key=lambda kv: (-kv[1].element_size(), kv[0])):
            header[k] = {"dtype": f"F{8 * v.element_size()}", "shape": list(v.shape), "data_offsets": [len(data), len(data) + v.nbytes]}
            data += raw(v)
        text, path = json.dumps(header).encode(), os.path.join(a.out, name + ".golden.safetensors")
        open(path, "wb").write(struct.pack("<Q", len(text) + -len(text) % 8) + text + b" " * (-len(text) % 8) + data)
        print(path, "floor", m[f"floor.{out}.rel_l2"])
    os.makedirs(a.out, exist_ok=True)
    for path in a.image:
        make(os.path.splitext(os.path.basename(path))[0], picture(importlib.import_module("PIL.Image").open(path).convert("RGB")))
    for i in range(a.inputs):
        shape = (2, 3, a.size + 1, a.size - 1) if i and i == a.inputs - 1 else (1, 3, a.size, a.size)
        make(f"formula-{shape[2]}x{shape[3]}-{i}", multiscale(i, shape), f"multiscale-1 seed={i} shape={','.join(map(str, shape))}")
    """#
}
