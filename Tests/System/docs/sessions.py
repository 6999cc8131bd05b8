"""Console sessions and shell scripts, run in order, in a folder that all blocks of a page share."""
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import matching
from pages import ROOT

SECONDS = 120


class Failure(Exception):
    pass


class Folder:
    """The scratch folder of a page, and the environment of its commands."""

    def __init__(self, work, program):
        self.work, self.path, self.variables = work, None, {}
        self.programs = work / "bin"
        if not self.programs.exists():
            self.programs.mkdir()
            (self.programs / "pth2swt").symlink_to(program)
            (self.programs / "python3").symlink_to(sys.executable)
        self.new()

    def new(self):
        self.path = pathlib.Path(tempfile.mkdtemp(dir=self.work))

    def environment(self):
        kept = {name: os.environ[name] for name in ("LANG", "USER", "LD_LIBRARY_PATH") if name in os.environ}
        return kept | {
            "PATH": f"{self.programs}:{os.environ['PATH']}", "HOME": str(self.path),
            "TMPDIR": str(self.path.parent),
            "LC_ALL": "C.UTF-8", "TERM": "dumb", "PYTHONPATH": str(ROOT / "Readers/python"),
            "PYTHONDONTWRITEBYTECODE": "1",
        } | self.variables

    def prepare(self, block):
        """Prepares what comments require, in order."""
        self.variables = dict(text.split("=", 1) for text in block.all("with"))
        for instruction, argument in block.instructions:
            if instruction == "new folder":
                self.new()
            elif instruction == "given":
                self.give(argument)
            elif instruction == "first":
                code, printed = self.run(["bash", "-euo", "pipefail", "-c", argument])
                if code != 0:
                    raise Failure(f"first {argument}: exit {code}\n{printed}")

    def give(self, argument):
        name, equals, paths = argument.partition("=")
        sources = [path for pattern in paths.split() for path in sorted(glob.glob(str(ROOT / pattern)))]
        if not equals or not sources or ".." in argument:
            raise Failure(f"given {argument}: no such file in the repository")
        target = self.path / name.strip()
        target.parent.mkdir(parents=True, exist_ok=True)
        if len(sources) > 1 or name.strip().endswith("/"):
            target.mkdir(exist_ok=True)
        for source in sources:
            if os.path.isdir(source):
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)

    def run(self, command, text=None):
        """The exit status, and what a terminal would have shown."""
        process = subprocess.Popen(
            command, cwd=self.path, env=self.environment(),
            stdin=subprocess.PIPE if text else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            printed, _ = process.communicate(text, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed, _ = process.communicate()
            return 124, printed.decode(errors="replace") + f"\n(after {SECONDS} s)"
        return process.returncode, printed.decode(errors="replace")


def parsed_by_bash(text):
    """bash's messages about the syntax, in English regardless of the locale."""
    return subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True,
                          env=os.environ | {"LC_ALL": "C"})


def is_complete(command):
    if command.rstrip().endswith("\\"):
        return False
    checked = parsed_by_bash(command + "\n")
    return checked.returncode == 0 and "here-document" not in checked.stderr


def commands(block):
    """(command, first line of its output, lines of its output), with line numbers in the block."""
    result, position, lines = [], 0, block.lines
    if lines and not lines[0].startswith("$ "):
        raise Failure("a session must start with '$ '")
    while position < len(lines):
        command = lines[position][2:]
        position += 1
        while position < len(lines) and not is_complete(command):
            command += "\n" + lines[position].removeprefix("> ")
            position += 1
        start = position
        while position < len(lines) and not lines[position].startswith("$ "):
            position += 1
        result.append((command, start, lines[start:position]))
    return result


def syntax(text):
    checked = parsed_by_bash(text)
    if checked.returncode != 0 or "here-document" in checked.stderr:
        raise Failure(checked.stderr.strip())


def session(block, folder, tally):
    """Runs a console block; returns changed outputs as (line of the page, number of lines, new lines)."""
    parts = commands(block)
    script = ""
    for command, _, _ in parts:
        script += shortened(command, block)
        script += "\n{ __code=$?; printf '\\036%s\\037' $__code; (exit $__code); }\n"
    code, printed = folder.run(["bash", "-c", script])
    answers = [piece.rpartition("\x1e") for piece in printed.split("\x1f")]
    problems, changes, vary = [], [], block.all("vary")
    used = set()
    for number, (command, start, expected) in enumerate(parts):
        if number >= len(answers) or not answers[number][1]:
            problems.append(f"$ {command}: the command ended the session ({code})\n{answers[-1][2]}")
            break
        output, status = answers[number][0], int(answers[number][2])
        tally["run"] += 1
        said = parts[number + 1][0].strip() == "echo $?" if number + 1 < len(parts) else False
        wanted = int(block.get("exit") or 0) if number + 1 == len(parts) else 0
        if status != wanted and not said:
            problems.append(f"$ {command}: exit {status}, not {wanted}\n{output}")
        if not any(line.strip() for line in expected):
            continue
        here = [text for text in vary if text in ("times", "numbers")
                or any(text in line for line in expected)]
        used.update(here)
        tally["compared"] += 1
        difference = matching.difference(expected, here, output)
        if difference:
            problems.append(f"$ {command}: prints something else\n{difference}")
            changes.append((block.line + start, len(expected), matching.corrected(expected, here, output),
                            block.indent))
    for text in vary:
        if text not in used and text not in ("times", "numbers"):
            problems.append(f"vary: {text} is not in the output shown")
    return problems, changes, answers[len(parts) - 1][0] if len(answers) >= len(parts) else ""


def shortened(command, block):
    """The command with the replacements of `shorter`."""
    for text in block.all("shorter"):
        long, arrow, short = text.partition(" => ")
        if not arrow or long not in block.text:
            raise Failure(f"shorter {text}: the block does not have that")
        command = command.replace(long, short)
    return command


def script(block, folder, tally):
    """Runs a shell block as a script that stops at the first failure."""
    code, printed = folder.run(["bash", "-euo", "pipefail", "-c", shortened(block.text, block)])
    tally["run"] += 1
    wanted = int(block.get("exit") or 0)
    return ([] if code == wanted else [f"exit {code}, not {wanted}\n{printed}"]), [], printed
