"""The wire that lights up because the block at the pointer would go into it."""

from __future__ import annotations

from graph_editor.wire_item import WireItem


class InsertionMark:
    """At most one wire is lit; whoever lights one puts it out in the end with `put(None)`."""

    def __init__(self) -> None:
        self.wire: WireItem | None = None

    def put(self, wire: WireItem | None) -> None:
        """Light up this wire in place of the one before, which may be gone."""
        if wire is self.wire:
            return
        if self.wire is not None and self.wire.scene() is not None:
            self.wire.set_state(insertion=False)
        self.wire = wire
        if wire is not None:
            wire.set_state(insertion=True)
