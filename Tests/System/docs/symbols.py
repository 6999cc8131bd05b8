"""Checks that every public declaration has a comment that says what it throws, and that every type is listed
under a heading of its module's page.

    symbols.py GRAPHS        a folder with a folder of symbol graphs per module
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]


def place(symbol):
    location = symbol.get("location", {})
    file = location.get("uri", "?").split(str(ROOT) + "/")[-1]
    return f"{file}:{location.get('position', {}).get('line', -1) + 1}"


def main(folder):
    modules = sorted(path.name for path in folder.iterdir())
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    everything, count, listed, failed = [], 0, 0, 0
    for module in modules:
        wrong = []
        symbols = [symbol for path in sorted((folder / module).glob("*.json"))
                   for symbol in json.loads(path.read_text())["symbols"]]
        count += len(symbols)
        for symbol in symbols:
            name = ".".join(symbol["pathComponents"])
            spelled = "".join(part["spelling"] for part in symbol.get("declarationFragments", []))
            comment = "\n".join(line["text"] for line in symbol.get("docComment", {}).get("lines", []))
            # Requirements inherited from the standard library have its comments, except operators.
            if not comment and symbol["kind"]["identifier"] != "swift.func.op":
                wrong.append(f"{place(symbol)}: {module}: {name} has no documentation comment")
            elif " throws" in spelled and "- Throws:" not in comment:
                wrong.append(f"{place(symbol)}: {module}: {name} does not say what it throws")
        pages = list(ROOT.glob(f"Sources/*/{module}.docc/{module}.md"))
        if not pages:
            everything.append(f"{module}: {module}.docc/{module}.md is missing")
            failed += 1
            continue
        topics = pages[0].read_text().partition("## Topics")[2]
        named = set(re.findall(r"^- ``([\w.]+)``$", topics, re.M))
        listed += len(named)
        wrong += [
            f"{pages[0].relative_to(ROOT)}: {symbol['pathComponents'][0]} is not listed under any "
            f"heading"
            for symbol in symbols if len(symbol["pathComponents"]) == 1
            and symbol["pathComponents"][0] not in named]
        articles = {path.stem for path in pages[0].parent.glob("*.md")} - {module}
        wrong += [f"{pages[0].relative_to(ROOT)}: the article {article} is not listed under any heading"
                  for article in sorted(articles) if f"- <doc:{article}>" not in topics]
        wrong += [f"CONTRIBUTING.md: does not list {path.relative_to(ROOT)}"
                  for path in sorted(pages[0].parent.glob("*.md"))
                  if f"]({path.relative_to(ROOT)})" not in contributing]
        if not re.search(r"^### ", topics, re.M) or "```swift" not in pages[0].read_text():
            wrong.append(f"{pages[0].relative_to(ROOT)}: needs an example, and topics under headings")
        everything += wrong
        failed += bool(wrong)
    print("\n".join(everything + [
        f"libraries: {count} public declarations, {listed} types under headings",
        f"libraries: {len(modules) - failed} passed, {failed} failed"]))
    sys.exit(1 if failed else 0)


main(pathlib.Path(sys.argv[1]))
