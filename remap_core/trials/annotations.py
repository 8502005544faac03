"""What people write about a model: a note and tags. Text as it was typed; never read as HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from remap_core.errors import InvalidAnnotation

MAX_NOTE_LENGTH = 10_000
"""Characters of a note."""
MAX_TAGS, MAX_TAG_LENGTH = 20, 40


@dataclass(frozen=True)
class Annotation:
    """A note, and tags in the order in which they were given, each once.

    Raises InvalidAnnotation for what is too long or cannot be stored: NUL, and half a character (a lone surrogate).
    """

    note: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", tuple(dict.fromkeys(self.tags)))
        if len(self.note) > MAX_NOTE_LENGTH:
            raise InvalidAnnotation(
                f"A note has at most {MAX_NOTE_LENGTH:,} characters, but this one has {len(self.note):,}."
            )
        if len(self.tags) > MAX_TAGS:
            raise InvalidAnnotation(f"A model has at most {MAX_TAGS} tags, but got {len(self.tags)}.")
        for tag in self.tags:
            _require_tag(tag)
        for text in (self.note, *self.tags):
            _require_storable(text)

    @classmethod
    def typed(cls, note: str, tags: str) -> Annotation:
        """The annotation of what was typed: tags stand between commas, white space around them does not count.

        >>> Annotation.typed("overfits", "small,  no pooling , small").tags
        ('small', 'no pooling')
        """
        return cls(note.strip(), tuple(filter(None, (" ".join(tag.split()) for tag in tags.split(",")))))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        return not self.note and not self.tags


def _require_tag(tag: str) -> None:
    if not tag or tag != " ".join(tag.split()) or "," in tag:
        raise InvalidAnnotation(f"A tag is words without a comma, but got {tag!r:.60}.")
    if len(tag) > MAX_TAG_LENGTH:
        raise InvalidAnnotation(
            f"A tag has at most {MAX_TAG_LENGTH} characters, but {tag[:MAX_TAG_LENGTH]!r}… has {len(tag)}."
        )


def _require_storable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidAnnotation(
            f"Text must be whole characters, but there is half of one at {error.start + 1}."
        ) from None
    if "\0" in text:
        raise InvalidAnnotation(f"Text must not hold a NUL character, but there is one at {text.index(chr(0)) + 1}.")
