import pytest

from remap_core.ui.markdown import escape_markdown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a sentence: nothing to escape, 98.1 %.", "a sentence: nothing to escape, 98.1 %."),
        ("![x](http://y)", r"!\[x\](http\://y)"),
        (":material/close: :red[x]", r"\:material/close: \:red\[x\]"),
        ("<b>*bold*</b> $x$ `code` _i_ ~~s~~", r"\<b\>\*bold\*\</b\> \$x\$ \`code\` \_i\_ \~\~s\~\~"),
        ("# no head", r"\# no head"),
        ("two\n\nlines\n- no list", "two lines - no list"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_what_markdown_would_read_is_escaped(typed, shown):
    assert escape_markdown(typed) == shown
