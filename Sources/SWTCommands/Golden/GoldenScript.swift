/// The PyTorch side of golden tests: a script that needs only torch.
///
/// It calls the user's own forward, in float64 and, in several ways, in float32, and takes what every stage gives on
/// the way; the deviation of the float32 runs is the noise floor that verification uses.
enum GoldenScript {
  // swift-format-ignore
  static let text = #"""
    """Makes calibrated golden tests of a ResNet or ResNeXt, one file per input. Needs torch; Pillow only for --image."""
    import argparse, copy, ctypes, hashlib, importlib, json, os, re, struct, sys, warnings
    warnings.filterwarnings("ignore", ".*TF32")  # oneDNN off and on again warns about Intel's GPUs
    import torch
    from torch import nn
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", required=True, help="a module saved whole (loading it runs its code: use only your own), or package.module:function")
    p.add_argument("--state-dict", help="weights to load into it; may be nested in a checkpoint")
    p.add_argument("--size", type=int, default=224, help="height and width of the inputs")
    p.add_argument("--inputs", type=int, default=2, help="number of formula inputs; the last has odd sizes and is a batch of two")
    p.add_argument("--image", nargs="*", default=[], help="pictures: short side resized to size*256/224, center crop, ImageNet mean and standard deviation")
    p.add_argument("--full-taps", action="store_true", help="store the layers' full outputs, so verify can test each block on its own")
    p.add_argument("--quantized-engine", help="engine that computes a quantized network: fbgemm, x86, onednn or qnnpack")
    p.add_argument("--out", "-o", default=".", help="folder for the goldens")
    a = p.parse_args()
    torch.set_grad_enabled(False)
    sys.path.insert(0, os.getcwd())
    def load(path, unsafe=False):
        try: return torch.load(path, "cpu", weights_only=not unsafe)
        except Exception as e: sys.exit(f"{path} cannot be loaded: {str(e).splitlines()[0]}")
    module, _, name = a.model.partition(":")
    \#(quantized)
    if os.path.exists(a.model): model = load(a.model, True)
    else:
        try: model = getattr(importlib.import_module(module), name)()
        except (ImportError, AttributeError, ValueError) as e: sys.exit(f"--model {a.model} is neither a file nor package.module:function: {e}" + (f"; did you mean {module.replace('.', ':')}?" if module.count(".") == 1 and not name else ""))
    if not isinstance(model, nn.Module): sys.exit(f"--model {a.model} is a {type(model).__name__}, not a module: give the network's function, and this file to --state-dict")
    def states(d):  # every state dict in nested dicts
        if not isinstance(d, dict): return
        if any(torch.is_tensor(v) for v in d.values()): yield d
        for v in d.values(): yield from states(v)
    def load_into(target, own):
        for k, m in list(target.named_modules()):  # a function such as torchvision's makes 1000 classes; the file may have another number
            w = own.get(k + ".weight")
            if isinstance(m, nn.Linear) and w is not None and w.dim() == 2 and w.shape[1] == m.in_features and len(w) != m.out_features:
                m.out_features, m.weight, m.bias = len(w), nn.Parameter(torch.empty(w.shape)), m.bias if m.bias is None else nn.Parameter(torch.empty(len(w)))
        try: target.load_state_dict(own, strict=False)
        except RuntimeError as e: sys.exit(f"the weights do not fit --model {a.model}: {str(e).splitlines()[-1].strip()}")
    def fill(target, path):  # {"state_dict": {"module.conv1.weight": …}} -> {"conv1.weight": …}
        want = list(target.state_dict())
        for d in states(load(path)):
            for prefix in {k[:-len(want[0])] for k in d if k.endswith(want[0])}:
                if all(prefix + k in d or k.endswith("num_batches_tracked") for k in want):
                    return load_into(target, {k: d[prefix + k] for k in want if prefix + k in d})
        sys.exit(f"{path} has no state dict with the names of this model, such as {want[0]}")
    if a.state_dict: fill(model, a.state_dict)
    model, Conv, Norm = model.cpu().float().eval(), nn.Conv2d, nn.BatchNorm2d
    every = lambda m, kind: [c for c in m.modules() if isinstance(c, kind)]
    alike = lambda m: isinstance(m, (nn.Sequential, nn.ModuleList)) and len(m) and len({type(c) for c in m}) == 1 and all(len(every(c, Conv)) > 1 for c in m)
    lists = [(n, m) for n, m in model.named_modules() if alike(m)]
    lists = [(n, m) for n, m in lists if not any(o.startswith(n + ".") for o, _ in lists)]  # the stages: lists of blocks
    if not lists: sys.exit("no residual stages: lists of blocks with two or more convolutions each")
    blocks = {f"layer{i + 1}.{j}": (n + "." + k, b) for i, (n, m) in enumerate(lists) for j, (k, b) in enumerate(m.named_children())}
    inside = {id(m) for _, b in blocks.values() for m in b.modules()}
    outside = [(n, m) for n, m in model.named_modules() if id(m) not in inside]
    stem = [(n, m) for n, m in outside if isinstance(m, Conv)]
    pools = [(n, m) for n, m in outside if isinstance(m, (nn.MaxPool2d, nn.AvgPool2d)) and not isinstance(m, nn.AdaptiveAvgPool2d)]
    aa = [n.rsplit(".", 1)[0] for n, m in outside if "BlurPool" in type(m).__name__]  # timm's anti-aliased pooling is two modules
    if aa and pools: pools = [(aa[0], pools[0][1])]
    first, last = next(iter(blocks.values())), list(blocks.values())[-1]
    body = lambda b: [m for n, m in b.named_modules() if isinstance(m, Conv) and not re.search(r"downsample|shortcut|\bse|attn|eca|fc\d", n)]
    features = body(last[1])[-1].out_channels
    heads = [(n, m) for n, m in outside if isinstance(m, nn.Linear) and m.in_features == features]
    if len(heads) > 1:  # some may be what a backbone brought along: only those that the forward calls
        called = set()
        hooks = [m.register_forward_hook(lambda *_, n=n: called.add(n)) for n, m in heads]
        model(torch.zeros(1, stem[0][1].in_channels, 64, 64))
        [h.remove() for h in hooks]
        for n in (n for n, _ in heads if n not in called): print(f"note: {n} is not the classifier: the model's forward does not call it")
        heads = [h for h in heads if h[0] in called]
    head, both, text = (heads[-1] if heads else None), lambda v: v if isinstance(v, int) else v[0], lambda v: ",".join(map(str, v))
    if len(heads) > 1: sys.exit(f"several linear layers may be the classifier, since the forward calls them all: {', '.join(n for n, _ in heads)}")
    def run(m, x):  # the model's own forward; what every stage gets and gives is taken on the way
        r, pool = {}, pools[0][0] if len(pools) else None
        keep = lambda key, pick: lambda _, args, out: r.__setitem__(key, pick(args, out))
        watch = [("input", stem[0][0], lambda i, o: i[0]), ("conv1", pool or first[0], lambda i, o: i[0])] + ([("maxpool", pool, lambda i, o: o)] if pool else [])
        watch += [(k, n, lambda i, o: o) for k, (n, _) in blocks.items()]
        if head: watch += [("avgpool", head[0], lambda i, o: i[0]), ("logits", head[0], lambda i, o: o)]
        hooks = [m.get_submodule(n).register_forward_hook(keep(k, pick)) for k, n, pick in watch]
        try: y = m(x)
        finally: [h.remove() for h in hooks]
        y = getattr(y, "logits", y[0] if isinstance(y, (tuple, list)) else next(iter(y.values())) if isinstance(y, dict) else y)
        if "conv1" not in r or (head and "logits" not in r): sys.exit("the model's forward does not call all of its stages")
        return r.pop("input"), ({**r, "layer4": r[list(blocks)[-1]]} if not head else r), y
    def network():  # the part of the model that gets what the first convolution gets, and what the model did before
        x, seen = multiscale(0, (1, stem[0][1].in_channels, 64, 64)), {}
        names = [stem[0][0].rsplit(".", i)[0] if i else stem[0][0] for i in range(stem[0][0].count(".") + 1)][::-1]
        hooks = [model.get_submodule(n).register_forward_pre_hook(lambda _, i, n=n: seen.__setitem__(n, i[0])) for n in names]
        fed, r, y = run(model, x)
        [h.remove() for h in hooks]
        if not head and y.dim() == 2 and y.shape[1] != features: sys.exit(f"the model's output has shape {list(y.shape)}, but no linear layer takes the {features} features: its head is not one that a golden can describe")
        if head and not torch.equal(y, r["logits"]): sys.exit(f"the model's forward does more after {head[0]}: it returns {list(y.shape)} other values; let it return the logits")
        if fed.shape == x.shape and torch.equal(fed, x): return model, ""
        found = []
        for c in range(fed.shape[1]):
            fits = [(torch.linalg.lstsq(torch.stack([x[0, d].flatten(), torch.ones(4096)], 1), fed[0, c].flatten(), driver="gelsd").solution, d) for d in range(x.shape[1])] if fed.shape == x.shape else []
            fits = [(s, d) for s, d in fits if torch.allclose(s[0] * x[0, d] + s[1], fed[0, c], atol=1e-3)]
            found += [f"channel {c} = {fits[0][0][0]:.4g} * channel {fits[0][1]} + {fits[0][0][1]:.4g}"] if fits else ["another function"]
        inner = next((n for n in names[:-1] if torch.equal(seen[n], fed)), None)
        what = "the model's forward changes its input before the first convolution (" + ", ".join(dict.fromkeys(found)) + ")"
        if inner is None or head and not head[0].startswith(inner + "."): sys.exit(what + ", and no part of it is the network alone: make the golden of that part")
        print(f"note: {what}; the golden is of {inner}, whose input is prepared so")
        return model.get_submodule(inner), inner + "."
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
    net, prefix = network()
    short = lambda n: n.removeprefix(prefix)
    stem, pools, first = [(short(n), m) for n, m in stem], [(short(n), m) for n, m in pools], (short(first[0]), first[1])
    blocks, head = {k: (short(n), b) for k, (n, b) in blocks.items()}, head and (short(head[0]), head[1])
    raw = lambda t: ctypes.string_at((c := t.detach().contiguous()).data_ptr(), c.nbytes)
    groups = [[b for k, (_, b) in blocks.items() if k.startswith(f"layer{i + 1}.")] for i in range(len(lists))]
    convs, out, norms = [[body(b) for b in g] for g in groups], "logits" if head else "layer4", every(net, Norm)
    sizes = {len(c) for g in convs for c in g}
    if sizes - {2, 3} or len(sizes) > 1: sys.exit(f"its blocks have {sorted(sizes)} convolutions each; expected 2 or 3 in all")
    deep, s0, pool = sizes == {3}, stem[0][1], pools[0][1] if pools else None
    planes, window = convs[0][0][-1].out_channels // (4 if deep else 1), lambda m: [both(m.kernel_size), both(m.stride), both(m.padding)]
    inner = lambda c: c[1] if deep else c[0]
    meta = {"arch.block": "bottleneck" if deep else "basic", "arch.base_planes": planes, "arch.layers": text(map(len, groups)), "arch.bn_eps": norms[0].eps,
            "arch.width_per_group": -(-(convs[-1][0][1].weight.shape[1] * 64) // (planes * 2 ** (len(groups) - 1))) if deep else 64,
            "arch.groups": convs[0][0][1].groups, "arch.head": "fc" if head else "none", "arch.stem_channels": stem[-1][1].out_channels,
            **({"arch.num_classes": head[1].out_features} if head else {}), **({"arch.head_bias": "none"} if head and head[1].bias is None else {}),
            **({"arch.in_channels": s0.in_channels} if s0.in_channels != 3 else {})}
    blurs = [[m for m in g[0].modules() if "BlurPool" in type(m).__name__] for g in groups]
    strides = [both(g[0][0].stride) * both(g[0][1].stride) * (both(b[0].stride) if b else 1) for g, b in zip(convs, blurs)]
    if any(blurs): meta["arch.antialiasing"] = "blur"
    firsts, dilations = [both(inner(g[0]).dilation) for g in convs], [both(g[1 if len(g) > 1 else 0][1].dilation) for g in convs]
    if strides != [1 if i == 0 or d > dilations[i - 1] else 2 for i, d in enumerate(dilations)]: meta["arch.strides"] = text(strides)
    if any(d > 1 for d in dilations): meta["arch.dilations"] = text(dilations)
    if firsts != ([1] + dilations)[:-1]: meta["arch.first_dilations"] = text(firsts)
    if deep and any(both(g[0][0].stride) > 1 for g in convs): meta["arch.stride_on"] = "conv1"
    if len(stem) == 3: meta |= {"arch.stem": "deep3x3" if window(s0) == [3, 2, 1] else "deep", "arch.stem_conv": text(window(s0)), "arch.stem_widths": text(m.out_channels for _, m in stem[:2])}
    elif len(stem) != 1: sys.exit(f"its stem has {len(stem)} convolutions; expected 1 or 3")
    elif window(s0) == [3, 1, 1]: meta["arch.stem"] = "conv3x3"
    elif window(s0) != [7, 2, 3]: meta |= {"arch.stem": "conv", "arch.stem_conv": text(window(s0))}
    shape = "none" if pool is None else ("avg" if isinstance(pool, nn.AvgPool2d) else "") + "{0}x{0}/{1}/{2}".format(*window(pool)) + "/ceil" * pool.ceil_mode
    if not aa and shape != ("none" if meta.get("arch.stem") == "conv3x3" else "3x3/2/1"): meta["arch.pool"] = shape
    gates = [[m for n, m in g[0].named_modules() if isinstance(m, (Conv, nn.Linear, nn.Conv1d)) and re.search(r"\bse.*\.fc1|\bse.*conv_reduce|\bse.*fc\.0|eca|\bse\.conv", n)] for g in groups]
    if all(gates): meta |= {"arch.eca_kernels": text(both(m[0].kernel_size) for m in gates)} if isinstance(gates[0][0], nn.Conv1d) else {"arch.se_channels": text(m[0].weight.shape[0] for m in gates)}
    pooled = {type(m).__name__ for g in groups for n, m in g[0].named_modules() if re.search("downsample|shortcut", n) and "AvgPool" in type(m).__name__}
    if pooled: meta["arch.shortcut"] = "avgpool_same" if "AvgPool2dSame" in pooled else "avgpool"
    elif not any("downsample" in n or "shortcut" in n for g in groups for b in g for n, m in b.named_modules() if isinstance(m, Conv)) and groups[0][0] is not groups[-1][0] and len(groups) > 1 and not deep: meta["arch.shortcut"] = "pad"
    epsilons = {k: m.eps for k, m in net.named_modules() if isinstance(m, Norm) and m.eps != norms[0].eps}
    if epsilons: meta["arch.bn_epsilons"] = "\n".join(f"{k} {v}" for k, v in sorted(epsilons.items()))
    if {"conv1", "bn1", "layer1"} <= net._modules.keys() and (not head or head[0] == "fc"):  # the names are those that digests are compared by
        sd = net.state_dict()
        meta |= {"digest." + k: hashlib.sha256(raw(v)).hexdigest() for k, v in sd.items()}
        lines = [f"{k} {str(v.dtype)[6:]} {'x'.join(map(str, v.shape))} {meta['digest.' + k]}\n" for k, v in sd.items()]
        meta["weights_digest"] = hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    def alone(m, feeds):  # every stage with its own input
        r, names = {"conv1": run(m, feeds["conv1"])[1]["conv1"]}, {**({"maxpool": pools[0][0]} if pools else {}), **{k: n for k, (n, _) in blocks.items()}}
        r |= {k: m.get_submodule(n)(feeds[k]) for k, n in names.items()} | ({"avgpool": feeds["avgpool"].mean((2, 3)), "logits": m.get_submodule(head[0])(feeds["logits"])} if head else {})
        return {**r, out: r[list(r)[-1]]}
    each = lambda f, x: {k: f(v) for k, v in x.items()} if isinstance(x, dict) else f(x)
    last4 = lambda t: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t
    def rounded(kind):  # the network with weights as `convert --precision kind` rounds them
        other = copy.deepcopy(net)
        for m in (m for m in other.modules() if isinstance(m, (Conv, nn.Linear))):
            scale = m.weight.flatten(1).abs().amax(1).clamp(min=1e-30).view(-1, *[1] * (m.weight.dim() - 1)) / 127
            m.weight.data = (m.weight / scale).round() * scale if kind == "int8" else m.weight.to(getattr(torch, kind)).float()
        return other
    def make(name, x, formula=None):
        say = lambda what: print(f"{name}: {what} …", file=sys.stderr, flush=True)
        say("float64")
        try: r = run(copy.deepcopy(net).double(), x.double())[1]
        except RuntimeError as e: sys.exit(f"{name}: the model does not accept it: {str(e).splitlines()[0]}")
        say("float32 in four ways")
        default, ones = run(net, x)[1], [run(net, x[i : i + 1])[1] for i in range(len(x) if len(x) > 1 else 0)]
        feeds = dict(zip(r, [x] + [v.float() for v in r.values()]))
        with torch.backends.mkldnn.flags(enabled=False): plain = run(net, x)[1]
        frees = [default, run(net, last4(x))[1], plain] + ([{k: torch.cat([o[k] for o in ones]) for k in default}] if ones else [])
        say("each stage alone, and rounded weights")
        runs = {"": (frees, r), "block.": ([alone(net, feeds), alone(net, each(last4, feeds))], alone(copy.deepcopy(net).double(), each(torch.Tensor.double, feeds)))}
        runs |= {k + ".": ([run(rounded(t), x)[1]], r) for k, t in (("f16", "float16"), ("bf16", "bfloat16"), ("i8", "int8"))}
        m = {"pth2swt.golden": 1, "name": name, "producer": f"torch {torch.__version__} CPU", "output": out, "tolerance.k": 8, **meta,
             "made_with": "cpu; float32 variants: default, channels_last, one by one, mkldnn off", "torch_version": torch.__version__,
             **({"input_formula": formula} if formula else {}), "preprocess": "none" if formula else "resize, crop, ImageNet mean and std, RGB"}
        for kind, (outputs, want) in runs.items():
            for k, v in want.items():
                size = v.std(correction=0) or v.norm() / v.numel() ** 0.5 or 1
                m[f"floor.{kind}{k}.rel_l2"] = max(2.0**-24, *(float((o[k] - v).norm() / (v.norm() or 1)) for o in outputs))
                m[f"floor.{kind}{k}.max"] = max(2.0**-24, *(float((o[k] - v).abs().max() / size) for o in outputs))
        m |= {"labels_top5": ";".join(",".join(map(str, v)) for v in r[out].topk(min(5, r[out].shape[1])).indices.tolist())} if head else {}
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
        print(f"{path}  floor {m[f'floor.{out}.rel_l2']:.1e}", flush=True)
    os.makedirs(a.out, exist_ok=True)
    colors = s0.in_channels
    if a.image and colors != 3: sys.exit(f"pictures have 3 channels; the network has {colors}")
    for path in a.image:
        try: im = importlib.import_module("PIL.Image").open(path).convert("RGB")
        except (ImportError, OSError) as e: sys.exit(f"--image {path} cannot be read: {e}")
        make(os.path.splitext(os.path.basename(path))[0], picture(im))
    for i in range(a.inputs):
        shape = (2, colors, a.size + 1, a.size - 1) if i and i == a.inputs - 1 else (1, colors, a.size, a.size)
        make(f"formula-{shape[2]}x{shape[3]}-{i}", multiscale(i, shape), f"multiscale-1 seed={i} shape={','.join(map(str, shape))}")
    """#
}
