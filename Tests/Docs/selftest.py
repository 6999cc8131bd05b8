"""Pages of `bad` must fail, each with the words that it expects in its first line; those of `good` pass with all others."""
import re

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
