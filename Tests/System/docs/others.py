"""C, Python, YAML, JSON: each checked by its own compiler or parser."""
import json
import re
import subprocess

import yaml

from pages import ROOT
from swift import chain, surrounded

HEADERS = ["-IReaders/c", "-ISources/SWTC/include", "-ISources/PthC/include"]
STANDARD = ["-Wall", "-Wextra", "-Werror"]


def c_source(block):
    """(text, whether it has a main). A block of statements is put into a function, after its includes."""
    includes, body, whole = [], [], False
    for part in chain(block):
        before, after = surrounded(part)
        marker = f'#line {part.line} "{part.page.path}"'
        lines = before.splitlines() + [marker] + part.lines + after.splitlines()
        for line in lines:
            if line.startswith("#include"):
                includes.append(line)
                line = ""
            body.append(line)
        whole = whole or any(re.match(r"(?!if\b|for\b|while\b|switch\b|else\b)[a-z][\w\s*]*\([^;]*\)\s*\{",
                                      line)
                             for line in part.lines)
    text = "\n".join(includes) + "\n"
    text += "\n".join(body) + "\n" if whole else "static int block(void) {\n" + "\n".join(
        body) + "\nreturn 0;\n}\n"
    return text, bool(re.search(r"^int main\(", text, re.M)), whole


def c_compile(block, work, output=None):
    """The compiler's messages, or an empty text. With `output`, links a program without libraries."""
    text, has_main, whole = c_source(block)
    extension, language = ("c", ["-std=c99"]) if block.language == "c" else ("cpp", ["-std=c++17"])
    path = work / f"block.{extension}"
    path.write_text(text)
    loose = [] if has_main else ["-Wno-unused-function", "-Wno-unused-variable",
                                 "-Wno-unused-but-set-variable"]
    target = ["-o", str(output)] if output else ["-fsyntax-only"]
    compiler = "cc" if extension == "c" else "c++"
    done = subprocess.run([compiler, *language, *STANDARD, *loose, *HEADERS, str(path), *target,
                           *(["-lm"] if output else [])],
                          cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip()


def python_text(block):
    lines = []
    for part in chain(block):
        before, after = surrounded(part)
        lines += before.splitlines() + part.lines + after.splitlines()
    return "\n".join(lines) + "\n"


def parsed(block):
    """Messages about mistakes in the text, or None."""
    try:
        if block.language == "python":
            compile(python_text(block), block.page.path, "exec")
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "yaml":
            # Accepts any document, including those with tags of a CI system.
            list(yaml.compose_all(block.text))
            yaml.safe_load(block.text)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        return str(error)
    return None
