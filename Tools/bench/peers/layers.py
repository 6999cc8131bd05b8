"""Where our time is spent: kinds of layers, and the layers that lose the most time against the peak."""


def measure(tool, network, folder, threads, warmup, runs, progress):
    """A profile of a network."""
    progress(f"{network}, layers")
    model = tool.convert(f"{folder}/{network}.pth", f"{folder}/{network}.swt")
    return dict(tool.bench(model, threads, warmup, runs, "--layers"), network=network)


def kinds(profile):
    """Milliseconds and percent of the peak by kind of layer and kernel; None for kinds without
    multiplications."""
    sums = {}
    for layer in profile["layers"]:
        key = (layer["kind"], layer["kernel"])
        time, work = sums.get(key, (0, 0))
        sums[key] = (time + layer["ms"]["median"], work + layer["multiply_adds"])
    scale = 2e-4 / profile["peak_gflops"]
    return {kind: (time, scale * work / time if work and time else None) for kind,
            (time, work) in sums.items()}


def lost(profile, layer):
    """Milliseconds that a layer takes beyond what its multiply-adds would take at the peak."""
    return layer["ms"]["median"] - 2e-6 * layer["multiply_adds"] / profile["peak_gflops"]


def slowest(profile, count=3):
    return sorted(profile["layers"], key=lambda layer: -lost(profile, layer))[:count]
