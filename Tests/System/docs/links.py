"""Links of Markdown pages to files and headings of the repository, resolved as on GitHub."""
import posixpath
import re
import urllib.parse

import markdown
import pages

INLINE = re.compile(
    r"\[(?:[^\[\]]|\[[^\]]*\])*\]"
    r"\(\s*<?((?:[^()\s<>]|\([^()\s]*\))*)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[([^\]^]+)\]:\s+<?(\S+?)>?(?:\s+\".*\")?$")
ATTRIBUTE = re.compile(r"<(?:a|img)\s[^>]*?(?:href|src)=\"([^\"]+)\"")
# A path in the repository that a page names in a code span.
NAMED = re.compile(
    r"(?<!`)`((?:Sources|Tests|Fixtures|Examples|Readers|Tools|"
    r"Documentation|findings|scripts|\.github|\.ci)/[\w./-]*[\w/])`(?!`)")


class Links:
    """Checks links and counts them."""

    def __init__(self):
        self.names = pages.files()
        self.folders = {""}
        for name in self.names:
            while name := posixpath.dirname(name):
                self.folders.add(name)
        self.anchors = {}
        self.inside = self.outside = self.named = 0

    def check(self, page):
        """Messages about broken links of a page."""
        wrong = []
        defined = {}
        for number, line in enumerate(page.prose, 1):
            reference = REFERENCE.match(line)
            if reference:
                defined[reference[1].lower()] = reference[2]
        for number, line in enumerate(page.prose, 1):
            bare = markdown.without_code(line)
            targets = [match[1] for match in INLINE.finditer(self.without_spans(line))] + ATTRIBUTE.findall(
                bare)
            reference = REFERENCE.match(line)
            if reference:
                targets.append(reference[2])
            if defined:
                for label in re.findall(r"\]\[([^\]]+)\]", bare):
                    if label.lower() not in defined:
                        wrong.append(markdown.Wrong(number, f"no reference [{label}] is defined"))
            for target in targets:
                message = self.problem(page, target)
                if message:
                    wrong.append(markdown.Wrong(number, message))
            for name in NAMED.findall(line):
                self.named += 1
                if not self.exists(name.rstrip("/")):
                    wrong.append(markdown.Wrong(number, f"`{name}` is not in the repository"))
        return wrong

    @staticmethod
    def without_spans(line):
        """The text with code spans blanked, except those in the text of a link."""
        return re.sub(r"`[^`]*`", lambda span: "x" * len(span[0]), line)

    def exists(self, path):
        return path in self.folders or path in self.names

    def problem(self, page, target):
        """Why a target cannot be resolved, or None."""
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            if target.startswith("doc:"):
                # DocC checks these.
                in_catalog = ".docc/" in page.path
                return None if in_catalog else f"{target}: only catalogs can have doc: links"
            self.outside += 1
            return None if target.split(":")[0] in ("https", "mailto") else f"{target}: not https"
        self.inside += 1
        path, _, anchor = urllib.parse.unquote(target).partition("#")
        if path.startswith("/"):
            return f"{target}: links from the root do not work on GitHub"
        full = page.path if not path else posixpath.normpath(posixpath.join(posixpath.dirname(page.path),
            path))
        if full.startswith(".."):
            return f"{target}: is outside the repository"
        full = "" if full == "." else full
        if not self.exists(full):
            return f"{target}: there is no {full}"
        if not anchor:
            return None
        if full.endswith(".md"):
            if full not in self.anchors:
                self.anchors[full] = markdown.headings(pages.read(full))
            return None if anchor in self.anchors[full] else f"{target}: {full} has no heading #{anchor}"
        lines = re.fullmatch(r"L(\d+)(?:-L(\d+))?", anchor)
        if lines:
            count = len((pages.ROOT / full).read_bytes().splitlines())
            return None if int(lines[2] or lines[1]) <= count else f"{target}: {full} has {count} lines"
        return f"{target}: {full} cannot have headings"
