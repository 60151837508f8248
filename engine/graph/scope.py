"""What an edit of one body may ask about its surroundings."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.values import Value

COPY_INDEX = "i"
"""What formulas inside a Repeat call the number of the copy that they stand in, from 0."""


class Scope(msgspec.Struct, frozen=True):
    """The block types, the project's variables, and the enclosing bodies from the root inwards.

    `over_time`: a Recurrent runs this body, or one around it, once for each time step; Delays may stand in it.
    """

    types: Mapping[str, BlockType]
    variables: Mapping[str, Value] = {}
    ancestors: tuple[Graph, ...] = ()
    over_time: bool = False
