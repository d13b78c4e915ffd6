#!/usr/bin/env python3
"""Runs the Python snippets of the documents and compares what they print with the pages.

    python3 tests/docs/python_snippets.py [page]    needs PyTorch 2.13 on an x86-64 CPU with AVX2 and two threads

By hand, never at test time: these answers are PyTorch's, not libxent's. A comment behind # is a line that a snippet prints.
The first Python block of docs/pytorch.md stands before each snippet, whatever the page.
"""
import contextlib
import io
import pathlib
import re
import sys
import warnings

import torch

DOCS = pathlib.Path(__file__).parents[2] / "docs"
PAGES = ["pytorch.md", "recipes.md"]


def printed(code):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        exec(code, {})
    return text.getvalue().splitlines()


def blocks(page):
    """Each Python block of a page, and the heading above it."""
    title = ""
    for match in re.finditer(r"^##+ ([^\n]*)$|^```python\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL):
        if match[1]:
            title = match[1]
        else:
            yield title, match[2]


def check(page, prelude):
    """How many snippets of a page print something else than it says."""
    snippets = [(title, code) for title, code in blocks(page) if code != prelude]
    wrong = 0
    for title, code in snippets:
        expected = re.findall(r"(?:^|  )# (.*)$", code, re.MULTILINE)
        found = printed(prelude + code)
        if found != expected:
            wrong += 1
            print(f"{page}, {title}\n  the page says  {expected}\n  PyTorch says   {found}")
    print(f"{page}: {len(snippets)} snippets, {wrong} wrong")
    return wrong if snippets else 1


def main():
    warnings.simplefilter("ignore")
    print("PyTorch", torch.__version__, torch.backends.cpu.get_cpu_capability())
    prelude = next(blocks("pytorch.md"))[1]
    return any([check(page, prelude) for page in sys.argv[1:] or PAGES])


if __name__ == "__main__":
    sys.exit(main())
