from __future__ import annotations

import random

from graph_editor.block_index import BlockIndex


def test_it_finds_what_looking_at_all_finds() -> None:
    dice = random.Random(3)
    index, known = BlockIndex(), {}
    for step in range(400):
        id = f"b{dice.randrange(80)}"
        if dice.random() < 0.25:
            index.remove(id)
            known.pop(id, None)
        else:
            x, y = dice.randrange(-1000, 3000), dice.randrange(-1000, 3000)
            known[id] = (x, y, x + dice.randrange(1, 900), y + dice.randrange(1, 300))
            index.put(id, known[id])
        if step % 10 == 0:
            x, y = dice.randrange(-1200, 3000), dice.randrange(-1200, 3000)
            area = (x, y, x + 500, y + 400)
            wanted = sorted(
                id
                for id, one in known.items()
                if one[0] <= area[2] and one[2] >= area[0] and one[1] <= area[3] and one[3] >= area[1]
            )
            assert index.within(*area) == wanted
            assert index.is_free(*area) or wanted
            assert index.is_free(*area, but=wanted)
    assert len(index) == len(known)
    bounds = index.bounds()
    assert bounds is not None
    assert bounds[0] == min(one[0] for one in known.values())
    index.clear()
    assert index.bounds() is None


def test_a_rectangle_of_a_million_million_cells_costs_no_more_than_the_blocks() -> None:
    index = BlockIndex()
    index.put("near", (0, 0, 96, 72))
    index.put("far", (1e9, 1e9, 1e9 + 96, 1e9 + 72))
    assert index.is_free(200, 200, 9e8, 9e8)
    assert not index.is_free(-1e9, -1e9, 200, 1e9)
    assert not index.is_free(50, 50, 2e9, 2e9, but=("near",))
    assert index.is_free(50, 50, 2e9, 2e9, but=("near", "far"))


def test_bounds_follow_what_comes_moves_and_goes() -> None:
    dice = random.Random(3)
    index, known = BlockIndex(), {}
    for _ in range(2_000):
        id = f"b{dice.randrange(12)}"
        if id in known and dice.random() < 0.4:
            index.remove(id)
            del known[id]
        else:
            left, top = dice.randrange(-6, 6) * 40, dice.randrange(-6, 6) * 40
            known[id] = (left, top, left + dice.choice((40, 200)), top + 48)
            index.put(id, known[id])
        if dice.random() < 0.7:
            lefts, tops, rights, bottoms = zip(*known.values(), strict=True) if known else ((), (), (), ())
            assert index.bounds() == ((min(lefts), min(tops), max(rights), max(bottoms)) if known else None)
