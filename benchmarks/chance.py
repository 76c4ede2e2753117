"""What a person, a script or somebody who means harm may send, drawn at random."""

import random
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

HEAD = ("asked for", "n", "statuses")


class Chance:
    """Values that a person, a script or somebody who means harm may send."""

    _NASTY = (
        "",
        " ",
        "\x00",
        "a\x00b",
        "\r\nSet-Cookie: a=b",
        "'; drop table person; --",
        '"><script>alert(1)</script>',
        "../../etc/passwd",
        "//evil.example",
        "{{7*7}}",
        "\u202e\ufeff\ud7ff",
        "é" * 300,
        "9" * 400,
        "-1",
        "1e309",
        "NaN",
        "null",
        "%00%ff",
        "x" * 5_000,
    )

    def __init__(self, seed: int, known: Sequence[str]) -> None:
        self.rng = random.Random(seed)
        self._known = known

    def text(self) -> str:
        """Nasty, known or random."""
        kind = self.rng.random()
        if kind < 0.35:
            return self.rng.choice(self._NASTY)
        if kind < 0.7:
            return self.rng.choice(self._known)
        return "".join(self.rng.choices(string.printable, k=self.rng.randrange(30)))

    def word(self) -> str:
        """A text that a header and an address can hold."""
        text = self.text()[:100].encode("ascii", "ignore").decode()
        return "".join(letter for letter in text if letter.isprintable())

    def value(self, depth: int = 3) -> Any:
        """Anything that JSON can say."""
        kind = self.rng.randrange(9 if depth else 6)
        plain: Sequence[Callable[[], Any]] = (
            self.text,
            lambda: self.rng.randrange(-3, 10),
            lambda: self.rng.choice([1e308, -0.0, 0.5, 10**40]),
            lambda: None,
            lambda: self.rng.random() < 0.5,
            self.text,
        )
        if kind < len(plain):
            return plain[kind]()
        if kind == len(plain):
            return [self.value(depth - 1) for _ in range(self.rng.randrange(4))]
        return {self.text(): self.value(depth - 1) for _ in range(self.rng.randrange(4))}


def rows(counts: Mapping[str, Counter[int]]) -> list[tuple[str, ...]]:
    """A line for each thing that was asked for."""
    return [
        (
            asked,
            str(counted.total()),
            ", ".join(f"{status}: {n}" for status, n in sorted(counted.items())),
        )
        for asked, counted in sorted(counts.items())
    ]
