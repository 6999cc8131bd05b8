"""The measurements as Markdown."""
import os
import platform
import re
import statistics

import cold
import layers
import warm


def machine():
    """The processor and the number of its cores available."""
    model = platform.processor() or platform.machine()
    try:
        facts = dict(re.findall(r"^(\w[\w ]*\w)\s*: (.*)$", open("/proc/cpuinfo").read(), re.M))
        # Virtual machines hide the model name, but not the family.
        model = f"{facts['model name']} (family {facts['cpu family']}, model {facts['model']})"
    except (OSError, KeyError):
        pass
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores(count)}, {platform.system()} {platform.machine()}"


def cores(count):
    return f"{count} core" + ("s" if count != 1 else "")


def table(rows, text=1):
    """A Markdown table; the first `text` columns are text, all others are numbers."""
    rule = ["---"] * text + ["--:"] * (len(rows[0]) - text)
    return "".join(f"| {' | '.join(row)} |\n" for row in [rows[0], rule, *rows[1:]])


def warm_text(results, isa, version):
    first = results[0]
    versions = ", ".join(f"{name} {number}" for name,
                         number in first["versions"].items() if name != "torch frozen")
    rounds = min(len(result["rounds"]) for result in results)
    text = f"{machine()}; {isa}. pth2swt {version}, {versions}. Batch 1, 224×224, float32; "
    text += f"{rounds} rounds, each engine "
    text += f"in its own process, {first['runs']} forward passes after {first['warmup']} per round.\n\n"

    rows = [["network, threads", "ours / best peer", "over the rounds", "of the fastest runs", "best peer",
             "% of peak"]]
    for result in results:
        name, ratio = warm.best_peer(result)
        spread = warm.ratios(result, name)
        rows.append([
            f"{result['network']}, {result['threads']}", f"**{ratio:.3f}**",
            f"{min(spread):.3f}–{max(spread):.3f}",
            f"{statistics.median(warm.ratios(result, name, 'min')):.3f}", name,
            f"{warm.percent_of_peak(result, warm.OURS):.1f}"])
    text += table(rows) + "\nMilliseconds (median over rounds of each round's median; in parentheses, "
    text += "percent of the peak measured in the same round):\n\n"
    names = [warm.OURS, *first["versions"]]
    rows = [["network, threads", *names, "logits differ by"]]
    for result in results:
        cells = [
            f"{warm.median_ms(result, name):.1f} ({warm.percent_of_peak(result, name):.0f})"
            for name in names]
        rows.append([
            f"{result['network']}, {result['threads']}", *cells, f"{max(result['difference'].values()):.1e}"])
    return text + table(rows)


COMPUTES = {"f32": "float32", "bf16": "bfloat16", "i8": "8-bit integers"}


def batch_text(results, isa, version):
    """One row per network, numbers and threads: milliseconds per image."""
    first = results[0]
    versions = {name: number for result in results for name, number in result["versions"].items()}
    text = f"{machine()}; {isa}. pth2swt {version}, " + ", ".join(
        f"{name} {number}" for name, number in versions.items())
    text += f". Batch {first['batch']}, 224×224; {len(first['rounds'])} rounds, each engine in its own process, "
    text += f"{first['runs']} forward passes after {first['warmup']} per round. Milliseconds per image:\n\n"
    rows = [["network, numbers, threads", "ours / best peer", "over the rounds", "best peer", warm.OURS, *versions]]
    for result in results:
        name, ratio = warm.best_peer(result)
        spread = warm.ratios(result, name)
        cells = [
            f"{warm.median_ms(result, one) / result['batch']:.1f}" if one in result["rounds"][0] else "–"
            for one in [warm.OURS, *versions]]
        rows.append([
            f"{result['network']}, {COMPUTES[result['compute']]}, {result['threads']}", f"**{ratio:.3f}**",
            f"{min(spread):.3f}–{max(spread):.3f}", name, *cells])
    return text + table(rows)


def layers_text(profiles):
    """Kinds of layers of each network, then the three layers of each that lose the most time."""
    first = profiles[0]
    text = f"{machine()}; {first['isa']}, threads: {first['threads']}, {first['runs']} runs. "
    text += "Milliseconds; in parentheses, percent "
    text += "of the peak measured in the same process:\n\n"
    found = [layers.kinds(profile) for profile in profiles]
    names = list(dict.fromkeys(name for kinds in found for name in kinds))
    rows = [["kind", "kernel", *(profile["network"] for profile in profiles)]]
    for name in names:
        cells = []
        for kinds in found:
            time, percent = kinds.get(name, (None, None))
            cell = "–" if time is None else f"{time:.2f}"
            cells.append(cell if percent is None else f"{cell} ({percent:.0f})")
        rows.append([*name, *cells])
    text += table(rows,
                  text=2) + "\nThe three layers of each network that lose the most time against the peak:\n\n"
    rows = [["layer", "kind", "kernel", "ms", "ms lost", "% of peak"]]
    for profile in profiles:
        for layer in layers.slowest(profile):
            rows.append([
                f"{profile['network']} {layer['name']}", layer["kind"], layer["kernel"],
                f"{layer['ms']['median']:.3f}",
                f"{layers.lost(profile, layer):.3f}", f"{layer['percent_of_peak']:.0f}"])
    return text + table(rows, text=3)


def cold_text(results, versions):
    rounds = min(len(result["rounds"]) for result in results)
    text = f"{machine()}; {versions}. Whole processes, alternating, {rounds} rounds, medians, "
    text += "all cores, files in the page cache.\n\n"
    rows = [[
        "network", "`pth2swt verify`", "Python and PyTorch", "times faster", "memory", "of the weights",
        "Python's memory"]]
    for result in results:
        memory = cold.median(result, "pth2swt", "rss")
        rows.append([
            result["network"], f"{cold.median(result, 'pth2swt', 's'):.3f} s",
            f"{cold.median(result, 'python', 's'):.2f} s",
            f"**{cold.ratio(result):.1f}**", f"{memory / 1e6:.0f} MB", f"{memory / result['weights']:.2f} ×",
            f"{cold.median(result, 'python', 'rss') / 1e6:.0f} MB"])
    return text + table(rows)


def insert(path, section, text):
    """Replaces the text between `<!-- SECTION -->` and `<!-- end SECTION -->`."""
    page = open(path, encoding="utf-8").read()
    begin, end = f"<!-- {section} -->\n", f"<!-- end {section} -->"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + "\n" + text + "\n" + end + after)
