"""Compares a command's output with what the page shows, except for what the page leaves open."""
import difflib
import re

NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
# A number in the page's text: not the digits of a name such as conv1 or 32x4d.
WRITTEN = re.compile(r"(?<![\w.])" + NUMBER + r"(?![\w]|\.\d)")
TIME = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?\s?(?:ns|µs|us|ms|s|min|h)(?!\w)")


class Unused(Exception):
    pass


def pattern(lines, vary):
    """A regular expression for the output. `…` matches anything in a line; on a line of its own, any
    lines."""
    unused = set(vary) - {"times", "numbers"}
    result = []
    for line in lines:
        if line.strip() == "…":
            result.append(r"(?:[^\n]*\n)*?")
            continue
        marks = []
        for text in vary:
            if text == "times":
                marks += [(match.span(), NUMBER + r"\s?(?:ns|µs|us|ms|s|min|h)")
                          for match in TIME.finditer(line)]
            elif text == "numbers":
                marks += [(match.span(), NUMBER) for match in WRITTEN.finditer(line)]
            else:
                shape = "".join(NUMBER if re.fullmatch(NUMBER, part) else flexible(part)
                                for part in re.split(f"({NUMBER})", text))
                for match in re.finditer(r"(?<![\w.])" + re.escape(text) + r"(?!\w)", line):
                    marks.append((match.span(), shape))
                    unused.discard(text)
        position, expression = 0, ""
        fixed = flexible if marks else exact
        for (start, end), shape in sorted(marks):
            if start >= position:
                expression += fixed(line[position:start]) + shape
                position = end
        result.append(expression + fixed(line[position:].rstrip()) + r"[ \t]*\n")
    if unused:
        raise Unused(f"vary: {', '.join(sorted(unused))} is not in the output shown")
    return re.compile("".join(result))


def exact(text):
    return r"[^\n]*?".join(re.escape(part) for part in text.split("…"))


def flexible(text):
    """Allows any number of spaces, because columns shift if a number's length changes."""
    return r"[ \t]+".join(exact(part) for part in re.split(r"[ \t]{2,}", text)) if text.strip() else (
        r"[ \t]*" if text else "")


def corrected(lines, vary, printed):
    """The new output for the page: the actual lines, but the page's own lines where they match line by
    line."""
    actual = printed.rstrip("\n").split("\n")
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if len(lines) != len(actual):
        return actual
    here = [[text for text in vary if text in ("times", "numbers") or text in line] for line in lines]
    return [line if pattern([line], some).fullmatch(new.rstrip() + "\n") else new
            for line, some, new in zip(lines, here, actual)]


def difference(lines, vary, printed):
    """None if it matches, otherwise a diff."""
    expected = list(lines)
    while expected and not expected[-1].strip():
        expected.pop()
    actual = [line.rstrip() for line in printed.splitlines()]
    while actual and not actual[-1]:
        actual.pop()
    if pattern(expected, vary).fullmatch("".join(line + "\n" for line in actual)):
        return None
    return "\n".join(difflib.unified_diff(expected, actual, "the page", "printed", lineterm="", n=2))
