"""Compiles, runs, compares or parses every fenced block of the documentation, and follows its links."""
import argparse
import collections
import pathlib
import sys
import tempfile

import links
import markdown
import matching
import others
import pages
import sessions
import swift

SHELL = {"sh", "bash"}
NAMES = {"shell": "sh", "py": "python", "yml": "yaml", "c++": "cpp", "txt": "text",
         "shell-session": "console"}
KNOWN = SHELL | {"console", "swift", "c", "cpp", "python", "yaml", "json", "text"}


class Run:
    """A run over some pages; `failures` has (place, message)."""

    def __init__(self, program, work):
        self.program = program.resolve()
        self.built = self.program.parent
        self.work = work
        self.tally = collections.Counter()
        self.failures, self.changes = [], []
        self.passed = 0
        self.links = links.Links()

    def check(self, some):
        blocks = [block for page in some for block in page.blocks]
        for block in blocks:
            block.language = self.language(block)
        for page in some:
            self.result(page.path, [f"line {wrong.line}: {wrong}"
                                    for wrong in page.wrong + self.links.check(page)])
        swifts = [block for block in blocks if block.language == "swift"]
        self.errors = {id(swifts[number]): text
                       for number, text in swift.check(swifts, self.built, self.work / "swift").items()}
        self.numbers = {id(block): number for number, block in enumerate(swifts)}
        running = [(number, block) for number, block in enumerate(swifts)
                   if block.get("run") is not None and id(block) not in self.errors]
        self.executable = None
        if running:
            try:
                self.executable = swift.program(running, self.built, self.work / "run")
            except RuntimeError as error:
                self.failures.append(("blocks of Swift that are run", str(error)))
        for page in some:
            folder, self.printed = sessions.Folder(self.work, self.program), None
            for block in page.blocks:
                try:
                    problems = self.block(block, folder)
                except (sessions.Failure, matching.Unused) as failure:
                    problems = [str(failure)]
                self.result(f"{block.place} ({block.language or 'no language'})", problems)

    def language(self, block):
        if not block.language and block.lines and block.lines[0].startswith("$ "):
            return "console"
        return NAMES.get(block.language, block.language)

    def result(self, place, problems):
        if problems:
            self.failures += [(place, problem) for problem in problems]
        else:
            self.passed += 1

    def block(self, block, folder):
        """Checks a block; returns a message if something is wrong."""
        language = block.language
        if language not in KNOWN:
            what = f"unknown language {language!r}" if language else "a fence without a language"
            return [f"{what}; known are {', '.join(sorted(KNOWN))}"]
        folder.prepare(block)
        by = block.get("run by")
        if by is not None and not self.is_run_by(block, by):
            return [f"run by {by}: it neither names the page nor has these lines"]
        if block.get("output") is not None:
            return self.output(block, folder)
        still = by is not None or block.get("not run") is not None
        if language in SHELL | {"console"}:
            return self.shell(block, folder, still)
        if language == "swift":
            self.tally["compiled"] += 1
            return [self.errors[id(block)]] if id(block) in self.errors else self.run_swift(block, folder)
        if language in ("c", "cpp"):
            return self.c(block, folder)
        if language == "text":
            self.tally["text"] += 1
            return []
        problem = others.parsed(block)
        if problem or still or language != "python":
            self.tally["parsed"] += 1
            return [problem] if problem else []
        self.tally["run"] += 1
        return self.finished(block, *folder.run(["python3", "-c", others.python_text(block)]))

    def finished(self, block, code, printed):
        self.printed = printed
        wanted = int(block.get("exit") or 0)
        return [] if code == wanted else [f"exit {code}, not {wanted}\n{printed}"]

    def shell(self, block, folder, still):
        if still:
            self.tally["parsed"] += 1
            if block.language == "console":
                for command, _, _ in sessions.commands(block):
                    sessions.syntax(command)
            else:
                sessions.syntax(block.text)
            return []
        run = sessions.session if block.language == "console" else sessions.script
        problems, changes, self.printed = run(block, folder, self.tally)
        self.changes += [(block.page.path, *change) for change in changes]
        return problems

    def run_swift(self, block, folder):
        if block.get("run") is None or not self.executable:
            return []
        self.tally["run"] += 1
        return self.finished(block, *folder.run([str(self.executable), str(self.numbers[id(block)])]))

    def c(self, block, folder):
        self.tally["compiled"] += 1
        arguments = block.get("run")
        output = self.work / "block" if arguments is not None else None
        message = others.c_compile(block, self.work, output)
        if message or output is None:
            return [message] if message else []
        self.tally["run"] += 1
        return self.finished(block, *folder.run([str(output), *arguments.split()]))

    def output(self, block, folder):
        """Checks a block that shows the output of a command or of the previous block."""
        command = block.get("output")
        if command:
            problems = self.finished(block, *folder.run(["bash", "-euo", "pipefail", "-c", command]))
            if problems:
                return problems
        if self.printed is None:
            return ["output: the previous block is not run"]
        self.tally["compared"] += 1
        difference = matching.difference(block.lines, block.all("vary"), self.printed)
        if difference:
            lines = matching.corrected(block.lines, block.all("vary"), self.printed)
            self.changes.append((block.page.path, block.line, len(block.lines), lines, block.indent))
        return [f"prints something else\n{difference}"] if difference else []

    def is_run_by(self, block, name):
        path = pages.ROOT / name
        if not path.is_file():
            return False
        text = path.read_text(encoding="utf-8")
        lines = [line.removeprefix("$ ").split("  #")[0].strip() for line in block.lines]
        return pathlib.PurePath(block.page.path).name in text or all(line in text for line in lines if line)


def write(changes):
    """Replaces the output shown in the pages by the actual output."""
    for path, line, count, lines, indent in sorted(changes, key=lambda change: (change[0], -change[1])):
        text = (pages.ROOT / path).read_text(encoding="utf-8").split("\n")
        start = line - 1
        while count and not text[start + count - 1].strip():
            count -= 1
        text[start:start + count] = [(" " * indent + new).rstrip() for new in lines]
        (pages.ROOT / path).write_text("\n".join(text), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true",
                        help="replace the output shown in pages by the actual output")
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("pages", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options.program, pathlib.Path(folder))
        some = [page for page in pages.all_pages() if not options.pages or page.path in options.pages]
        missing = set(options.pages) - {page.path for page in some}
        run.failures += [(name, "no such page") for name in sorted(missing)]
        run.check(some)
        if options.write:
            write(run.changes)
        if not options.pages:
            import selftest
            selftest.check(run, options.program, pathlib.Path(folder))
    for place, message in run.failures:
        print(f"FAIL {place}: {message}")
    tally = run.tally
    print(
          f"docs: {len(some)} pages; blocks: {tally['compiled']} compiled, {tally['text']} of text, "
          f"{tally['parsed']} checked for syntax "
          f"only; {tally['run']} commands and programs run, {tally['compared']} outputs compared; "
          f"{run.links.inside} links and "
          f"{run.links.named} paths followed, {run.links.outside} external links not checked")
    failed = len({place for place, _ in run.failures})
    print(f"docs: {run.passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
