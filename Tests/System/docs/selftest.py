"""Pages in `bad` must fail with the message that their first line expects; those in `good` are tested with
all others. Declarations without documentation must be found."""
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
            run.failures.append((name,
                                 f"must fail with {expected and expected[1]!r}, not: "
                                 f"{messages or 'nothing'}"))
    symbols(run, work / "graphs")


def symbols(run, folder):
    """Checks a library with a type under no heading, a function without a comment, and one without `-
    Throws:`."""
    (folder / "SWTTensors").mkdir(parents=True)
    throwing = {"pathComponents": ["Nobody", "fail()"], "kind": {"identifier": "swift.method"},
                "docComment": {"lines": [{"text": "Fails."}]},
                "declarationFragments": [{"spelling": "func fail() throws"}]}
    graph = {"symbols": [throwing] + [
        {"pathComponents": path, "kind": {"identifier": kind}, **more} for path, kind, more in [
            (["Nobody"], "swift.struct", {"docComment": {"lines": [{"text": "Somebody."}]}}),
            (["Nobody", "silent()"], "swift.method", {})]]}
    (folder / "SWTTensors/SWTTensors.symbols.json").write_text(json.dumps(graph))
    done = subprocess.run([sys.executable, str(pages.ROOT / "Tests/System/docs/symbols.py"), str(folder)],
                          capture_output=True, text=True)
    for expected in ("Nobody is not listed under any heading", "silent() has no documentation comment",
                     "fail() does not say what it throws", "libraries: 0 passed, 1 failed"):
        if done.returncode == 1 and expected in done.stdout:
            run.passed += 1
        else:
            run.failures.append(("self-test of symbols.py",
                                 f"does not say {expected!r}:\n{done.stdout}{done.stderr}"))
