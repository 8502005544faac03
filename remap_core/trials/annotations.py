"""What people write about a model: a note and tags. Plain text, never rendered as HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from remap_core.errors import InvalidAnnotation
from remap_core.formatting import count

MAX_NOTE_LENGTH = 10_000
"""Characters in a note."""
MAX_TAGS = 20
MAX_TAG_LENGTH = 40


@dataclass(frozen=True)
class Annotation:
    """A note and tags, in the order in which they were entered and without duplicates.

    Raises InvalidAnnotation for text that is too long or cannot be stored: NUL and lone surrogates.
    """

    note: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unique_tags = tuple(dict.fromkeys(self.tags))
        object.__setattr__(self, "tags", unique_tags)
        if len(self.note) > MAX_NOTE_LENGTH:
            raise InvalidAnnotation(
                f"A note has at most {count(MAX_NOTE_LENGTH)} characters, but this one has {count(len(self.note))}."
            )
        if len(self.tags) > MAX_TAGS:
            raise InvalidAnnotation(f"A model has at most {MAX_TAGS} tags, but got {len(self.tags)}.")
        _require_storable(self.note)
        for tag in self.tags:
            _require_tag(tag)
            _require_storable(tag)

    @classmethod
    def typed(cls, note: str, tags: str) -> Annotation:
        """Parse what a person typed: tags are separated by commas, and whitespace around them is dropped.

        >>> Annotation.typed("overfits", "small,  no pooling , small").tags
        ('small', 'no pooling')
        """
        words = [_single_spaced(tag) for tag in tags.split(",")]
        return cls(note.strip(), tuple(filter(None, words)))

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a note nor a tag."""
        return not self.note and not self.tags


def _require_tag(tag: str) -> None:
    if not tag or tag != _single_spaced(tag) or "," in tag:
        raise InvalidAnnotation(f"A tag is one or more words without a comma, but got {tag!r:.60}.")
    if len(tag) > MAX_TAG_LENGTH:
        raise InvalidAnnotation(
            f"A tag has at most {MAX_TAG_LENGTH} characters, but {tag[:MAX_TAG_LENGTH]!r}… has {len(tag)}."
        )


def _require_storable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidAnnotation(
            f"Text must not contain half a character (a lone surrogate), but character {error.start + 1} is one."
        ) from None
    if "\0" in text:
        raise InvalidAnnotation(
            f"Text must not contain a NUL character, but character {text.index(chr(0)) + 1} is one."
        )


def _single_spaced(text: str) -> str:
    return " ".join(text.split())
