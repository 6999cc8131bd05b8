"""Parses pages: fenced blocks with their instructions from comments, headings, and links."""
import dataclasses
import re

FENCE = re.compile(r"^( *)(```+|~~~+)\s*([^`]*?)\s*$")
COMMENT = re.compile(r"<!--\s*docs:(.*?)-->", re.S)
INSTRUCTIONS = {
    "given", "first", "with", "shorter", "new folder", "not run", "run by", "run", "exit", "vary", "output",
    "continues", "before",
    "around",
}


class Wrong(Exception):
    """A mistake in a page, with its line."""

    def __init__(self, line, message):
        super().__init__(message)
        self.line = line


@dataclasses.dataclass
class Block:
    page: "Page"
    language: str
    # The 1-based line of the page on which the text starts, and the indentation of the fence.
    line: int
    indent: int
    lines: list
    instructions: list
    previous: "Block | None" = None

    def get(self, name):
        """The argument of the first instruction with that name, or None."""
        return next((argument for instruction, argument in self.instructions if instruction == name), None)

    def all(self, name):
        return [argument for instruction, argument in self.instructions if instruction == name]

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    @property
    def place(self):
        return f"{self.page.path}:{self.line}"


@dataclasses.dataclass
class Page:
    path: str
    lines: list
    # The module that this documents: that of the catalog, or of the source file with the comment.
    module: str | None = None
    blocks: list = dataclasses.field(default_factory=list)
    wrong: list = dataclasses.field(default_factory=list)
    # The page without blocks and comments, for links and headings.
    prose: list = dataclasses.field(default_factory=list)


def parse(path, lines, module=None):
    """Reads a page; stores mistakes in `wrong`."""
    page = Page(path, lines, module)
    instructions, comment_line, position = [], None, 0
    while position < len(lines):
        line = lines[position]
        fence = FENCE.match(line)
        if fence:
            end = closing(lines, position, fence)
            if end is None:
                page.wrong.append(Wrong(position + 1, "an unterminated fence"))
                break
            indent = len(fence[1])
            text = [text[min(indent, len(text) - len(text.lstrip())):] for text in lines[position + 1:end]]
            previous = page.blocks[-1] if page.blocks else None
            words = fence[3].split()
            page.blocks.append(
                Block(page, words[0].lower() if words else "", position + 2, indent, text, instructions,
                      previous))
            instructions, comment_line = [], None
            page.prose += [""] * (end + 1 - position)
            position = end + 1
        elif line.lstrip().startswith("<!--"):
            end = next((n for n in range(position, len(lines)) if "-->" in lines[n]), len(lines) - 1)
            comment = COMMENT.search("\n".join(lines[position:end + 1]))
            if comment:
                try:
                    instructions = instructions + read_instructions(comment[1], position + 1)
                    comment_line = comment_line or position + 1
                except Wrong as wrong:
                    page.wrong.append(wrong)
            page.prose += [""] * (end + 1 - position)
            position = end + 1
        else:
            if instructions and line.strip():
                page.wrong.append(Wrong(comment_line, "a comment for a block without a block after it"))
                instructions, comment_line = [], None
            if line.startswith("    ") and line.strip() and position and not lines[position
                - 1].strip() and not in_list(page):
                page.wrong.append(Wrong(position + 1, "indented code, which is not checked: use a fence"))
            page.prose.append(line)
            position += 1
    if instructions:
        page.wrong.append(Wrong(comment_line, "a comment for a block without a block after it"))
    return page


def in_list(page):
    """Whether the last unindented line belongs to a list."""
    last = next((line for line in reversed(page.prose) if line.strip() and not line.startswith("  ")), "")
    return bool(re.match(r"(?:[-*+]|\d+[.)]) ", last))


def closing(lines, position, fence):
    for number in range(position + 1, len(lines)):
        text = lines[number].strip()
        if text and set(text) == {fence[2][0]} and len(text) >= len(fence[2]):
            return number
    return None


def read_instructions(text, line):
    """The instructions of a comment; all further lines after `before` or `around` are code."""
    head, _, rest = text.partition("\n")
    if head.strip() in ("before", "around"):
        return [(head.strip(), rest.rstrip() + "\n")]
    instructions = []
    for part in text.split("\n"):
        part = part.strip()
        if not part:
            continue
        name = next((name for name in sorted(INSTRUCTIONS, key=len, reverse=True)
                     if re.match(re.escape(name) + r"(?:[ :]|$)", part)), None)
        if name is None or name in ("before", "around"):
            raise Wrong(line, f"unknown instruction: {part!r}; known are {', '.join(sorted(INSTRUCTIONS))}")
        argument = part[len(name):].lstrip(":").strip()
        if name in ("not run", "run by", "given", "first", "with", "shorter", "vary",
                    "exit") and not argument:
            raise Wrong(line, f"{name!r} needs an argument")
        instructions.append((name, argument))
    return instructions


def without_code(line):
    """The line with every code span blanked."""
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", lambda span: " " * len(span[0]), line)


def headings(page):
    """The anchors that GitHub gives the headings of a page, and the page's own anchors."""
    anchors, seen = set(), {}
    for line in page.prose:
        for name in re.findall(r"<a\s+(?:id|name)=\"([^\"]+)\"", line):
            anchors.add(name)
        heading = re.match(r" {0,3}#{1,6}\s+(.*?)\s*#*\s*$", line)
        if not heading:
            continue
        text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
        slug = re.sub(r"[^\w\- ]", "", text.replace("`", "").lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        anchors.add(slug if count == 0 else f"{slug}-{count}")
    return anchors
