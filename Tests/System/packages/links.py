#!/usr/bin/env python3
"""Fails if a link of a Markdown page below a folder leads to no file: links.py FOLDER"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
pages = sorted(root.rglob("*.md"))
broken = []
for page in pages:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`]*`", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path = target.partition("#")[0]
        if path and not re.match(r"[a-z]+:", target) and not (page.parent / path).exists():
            broken.append(f"{page.relative_to(root)}: {target}")
print(len(pages), "pages;", "\n".join(broken) or "every link leads to a file")
sys.exit(bool(broken) or len(pages) < 10)
