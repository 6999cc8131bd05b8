"""Pages of `bad` must fail, each with the words that it expects in its first line; those of `good` pass with all others. Symbols without a comment are found."""
import json
import re
import subprocess
import sys

import pages


def check(run, program, work):
    names = sorted((pages.ROOT / pages.BAD).glob("*.md"))
    if not names:
        run.failures.append(("self-test", f"no pages in {pages.BAD}"))
    for path in names:
        name = str(path.relative_to(pages.ROOT))
        page = pages.read(name)
        expected = re.match(r"<!-- expect: (.*) -->", page.lines[0])
        folder = work / "bad" / path.stem
        folder.mkdir(parents=True)
        one = type(run)(program, folder)
        one.check([page])
        messages = "\n".join(message for _, message in one.failures)
        if expected and re.search(expected[1], messages):
            run.passed += 1
        else:
            run.failures.append((name, f"was to fail with {expected and expected[1]!r}, not: {messages or 'nothing'}"))
    symbols(run, work / "graphs")


def symbols(run, folder):
    """A library in which a type stands under no heading, a function says nothing and another not what it throws."""
    (folder / "SWTTensors").mkdir(parents=True)
    throwing = {"pathComponents": ["Nobody", "fail()"], "kind": {"identifier": "swift.method"},
                "docComment": {"lines": [{"text": "Fails."}]}, "declarationFragments": [{"spelling": "func fail() throws"}]}
    graph = {"symbols": [throwing] + [
        {"pathComponents": path, "kind": {"identifier": kind}, **more} for path, kind, more in [
            (["Nobody"], "swift.struct", {"docComment": {"lines": [{"text": "Somebody."}]}}),
            (["Nobody", "silent()"], "swift.method", {})]]}
    (folder / "SWTTensors/SWTTensors.symbols.json").write_text(json.dumps(graph))
    done = subprocess.run([sys.executable, str(pages.ROOT / "Tests/System/docs/symbols.py"), str(folder)], capture_output=True, text=True)
    for expected in ("Nobody stands under no heading", "silent() has no documentation comment",
                     "fail() does not say what it throws", "libraries: 0 passed, 1 failed"):
        if done.returncode == 1 and expected in done.stdout:
            run.passed += 1
        else:
            run.failures.append(("self-test of symbols.py", f"does not say {expected!r}:\n{done.stdout}{done.stderr}"))
