"""Lists the pages: every Markdown file of the repository, and source comments with a fenced block."""
import pathlib
import re
import subprocess

import markdown

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Pages that must fail in the self-test.
BAD = "Tests/System/docs/bad/"
# The C headers, whose first comment has an indented example, and the code around it.
HEADERS = {
    "Readers/c/swt.h":
        '#include <stdio.h>\n#include <swt.h>\nstatic const unsigned char bytes[64];\nconst size_t size = '
        'sizeof bytes;\n…\n',
    "Sources/PthC/include/pth.h":
        '#include <stdio.h>\n#include <stdlib.h>\n#include <pth.h>\n…\n',
    "Sources/SWTC/include/p2s_swt.h":
        '#include <stdio.h>\n#include <p2s_swt.h>\n#define use(data, count) ((void)(data))\n…\n',
}


# What builds and tools leave in the folder, as in .gitignore.
LEFT = {".git", ".build", ".swiftpm", "__pycache__"}


def files():
    """The files of the repository according to git; without git, or if it does not trust the folder, all
    files."""
    try:
        listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                                cwd=ROOT,
                                capture_output=True, text=True)
        names = listed.stdout.split("\0") if listed.returncode == 0 else None
    except FileNotFoundError:
        names = None
    if names is None:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if not LEFT & set(path.relative_to(ROOT).parts)]
    return sorted({name for name in names if name and (ROOT / name).is_file()})


def all_pages():
    names = files()
    modules = {}
    for name in names:
        catalog = re.match(r"(Sources/\w+)/(\w+)\.docc/", name)
        if catalog:
            modules[catalog[1]] = catalog[2]
    pages = []
    for name in names:
        if name.startswith(BAD):
            continue
        module = next((modules[folder] for folder in modules if name.startswith(folder + "/")), None)
        if name.endswith(".md"):
            pages.append(read(name, module))
        elif name in HEADERS or (name.startswith("Sources/") and name.endswith(".swift")):
            page = comments(name, module)
            if page.blocks or page.wrong:
                pages.append(page)
    return pages


def read(name, module=None):
    return markdown.parse(name, (ROOT / name).read_text(encoding="utf-8").splitlines(), module)


def comments(name, module):
    """The documentation comments of a source file as one page, with the same line numbers."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if name in HEADERS:
        return example(name, text.splitlines())
    if "```" not in text:
        return markdown.Page(name, [], module)
    lines = []
    for line in text.splitlines():
        comment = re.match(r"\s*/// ?(.*)", line)
        lines.append(comment[1] if comment else "")
    return markdown.parse(name, lines, module)


def example(name, lines):
    """The indented lines of a header's first comment as a C block."""
    page = markdown.Page(name, lines)
    end = next(number for number, line in enumerate(lines) if "*/" in line)
    indented = [number for number in range(end) if lines[number].startswith(" *     ")]
    if not indented:
        page.wrong.append(markdown.Wrong(1, "the first comment has no example"))
        return page
    code = [lines[number][7:] for number in range(indented[0], indented[-1] + 1)]
    page.blocks.append(markdown.Block(page, "c", indented[0] + 1, 7, code, [("around", HEADERS[name])]))
    return page
