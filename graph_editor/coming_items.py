"""Items of which some are still to be made."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar

Key = TypeVar("Key")
Plain = TypeVar("Plain")
Item = TypeVar("Item")


class ComingItems(Mapping[Key, Item], Generic[Key, Plain, Item]):
    """Items by key; one that is not there yet is made, by `make(key)`, when somebody asks for it.

    `made` has those that are there, `left` what the others are made from. Whoever needs no item, or can wait for it,
    asks these two.
    """

    def __init__(self, make: Callable[[Key], None]) -> None:
        self.made: dict[Key, Item] = {}
        self.left: dict[Key, Plain] = {}
        self._make = make

    def make(self, key: Key) -> None:
        """Make the item of `key`, unless it is there."""
        if key in self.left:
            self._make(key)

    def clear(self) -> None:
        """Forget all."""
        self.made.clear()
        self.left.clear()

    def among(self, keys: Iterable[Key]) -> frozenset[Key]:
        """Those of `keys` that are here, made or not."""
        wanted = frozenset(keys)
        made = frozenset(self.made.keys() & wanted)
        return made | (self.left.keys() & wanted) if self.left else made

    def make_all(self) -> None:
        """Make what is left."""
        for key in tuple(self.left):
            self.make(key)

    def __getitem__(self, key: Key) -> Item:
        self.make(key)
        return self.made[key]

    def __contains__(self, key: object) -> bool:
        return key in self.made or key in self.left

    def __len__(self) -> int:
        return len(self.made) + len(self.left)

    def __iter__(self) -> Iterator[Key]:
        return iter((*self.made, *self.left)) if self.left else iter(self.made)

    def values(self) -> ValuesView[Item]:
        self.make_all()
        return self.made.values()

    def items(self) -> ItemsView[Key, Item]:
        self.make_all()
        return self.made.items()
