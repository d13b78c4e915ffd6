#!/usr/bin/env python3
"""Runs the Python snippets of docs/pytorch.md and compares what they print with the page.

    python3 tests/docs/pytorch_snippets.py          needs PyTorch 2.13 on an x86-64 CPU with AVX2 and two threads

By hand, never at test time: the page's answers are PyTorch's, not libxent's. A comment behind # is a line that a snippet
prints. The first Python block of the page stands before each snippet.
"""
import contextlib
import io
import pathlib
import re
import sys
import warnings

import torch

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "pytorch.md"


def printed(code):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        exec(code, {})
    return text.getvalue().splitlines()


def main():
    warnings.simplefilter("ignore")
    print("PyTorch", torch.__version__, torch.backends.cpu.get_cpu_capability())
    title, prelude, snippets, wrong = "", None, 0, 0
    for match in re.finditer(r"^### ([^\n]*)$|^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        if match[1]:
            title = match[1]
        elif prelude is None:
            prelude = match[2]
        else:
            snippets += 1
            expected = re.findall(r"(?:^|  )# (.*)$", match[2], re.MULTILINE)
            found = printed(prelude + match[2])
            if found != expected:
                wrong += 1
                print(f"{title}\n  the page says  {expected}\n  PyTorch says   {found}")
    print(snippets, "snippets,", wrong, "wrong")
    return wrong != 0 or snippets == 0


if __name__ == "__main__":
    sys.exit(main())
