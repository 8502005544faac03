"""Text that people or data sets supply, made safe where Streamlit reads Markdown."""

from __future__ import annotations

import re

_MARKS = re.compile(r"[\\`*_\[\]<>$~|]|:(?=[\w/])|^[#+-]|(?<=^\d)\.")


def escape_markdown(text: str) -> str:
    r"""The text as one line of Markdown that shows it literally: no pictures, links, formulas, colours or tags.

    >>> print(escape_markdown("<b>![x](http://y)</b> at :red[3], epoch 1: done"))
    \<b\>!\[x\](http\://y)\</b\> at \:red\[3\], epoch 1: done
    """
    return _MARKS.sub(r"\\\g<0>", " ".join(text.split()))


def escape_address(name: str) -> str:
    r"""A person's name; where it is an e-mail address, its domain is grey, which also keeps it from becoming a link.

    >>> print(escape_address("ada_l@example.org"), escape_address("root"))
    ada\_l:gray[@example.org] root
    """
    local, at, domain = name.partition("@")
    return f"{escape_markdown(local)}:gray[@{escape_markdown(domain)}]" if at else escape_markdown(name)
