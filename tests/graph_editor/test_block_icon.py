from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from graph_editor.block_icon import CURVES, block_icon


@pytest.mark.parametrize("id", sorted(BLOCK_TYPES))
def test_every_type_has_an_icon_inside_its_square(qapp, id: str) -> None:
    icon = block_icon(BLOCK_TYPES[id])
    bounds = icon.path.boundingRect()
    assert bounds.width() > 4
    assert bounds.left() >= -0.5
    assert bounds.right() <= 16.5
    assert bounds.top() >= -0.5
    assert bounds.bottom() <= 16.5
    assert icon.stroked == (id in CURVES)


def test_an_unknown_type_has_one_too(qapp) -> None:
    assert not block_icon(None).path.isEmpty()
