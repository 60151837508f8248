"""Whose weights a block may use: in words, and as a submenu that begins, changes and ends sharing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from PySide6.QtWidgets import QMenu

from engine.graph.block_type import lenient_parameters
from engine.graph.graph import Graph, Weights
from engine.graph.scope import Scope
from engine.graph.sharing import weights_offered
from graph_editor.letter_search import find_by_letter
from graph_editor.style_sheet import escaped, round_menu

OWN = "Own"
MOST_LISTED = 100


def weights_choices(body: Graph, scope: Scope, id: str) -> dict[str, Weights | None]:
    """What the block may use, by how people read it: `Own`, `Encoder`, `Encoder, transposed`; two alike are numbered.

    What it uses now is among them; a block outside this body says so. `scope` is that of the body.
    """
    now = body.blocks[id].weights
    names = {block.id: block.name for around in (*scope.ancestors, body) for block in around.blocks.values()}
    found: dict[str, Weights | None] = {OWN: None}
    alike = Counter((OWN,))
    for weights in dict.fromkeys((*weights_offered(body, scope, id), *((now,) if now is not None else ()))):
        outside = "" if weights.of in body.blocks else ", outside"
        name = f"{names.get(weights.of, weights.of)}{outside}"
        end = ", transposed" if weights.transposed else ""
        alike[name + end] += 1
        number = alike[name + end]
        found[f"{name} ({number}){end}" if number > 1 else name + end] = weights
    return found


def step_label(weights: Weights | None) -> str:
    """What the step is called that gives a block these weights, or None its own."""
    return "Own weights" if weights is None else "Share weights"


def add_sharing_menu(
    menu: QMenu, body: Graph, scope: Scope, id: str, choose: Callable[[Weights | None], object]
) -> None:
    """Add `Share weights with` where the block learns and there is a choice; `choose` gets what was chosen."""
    block = body.blocks[id]
    type = scope.types.get(block.type)
    if type is None or not type.weights(lenient_parameters(type, block, scope.variables)):
        return
    choices = weights_choices(body, scope, id)
    if len(choices) == 1:
        return
    under = find_by_letter(round_menu(menu.addMenu("Share weights with")))
    labels = list(choices)
    # A menu of a thousand lines takes 30 ms to make, and as long to open.
    listed, rest = labels[: MOST_LISTED + 1], labels[MOST_LISTED + 1 :]
    for label in (*listed, *(label for label in rest if choices[label] == block.weights)):
        action = under.addAction("Nobody" if choices[label] is None else escaped(label))
        action.setCheckable(True)
        action.setChecked(choices[label] == block.weights)
        action.triggered.connect(lambda _=False, weights=choices[label]: choose(weights))
    more = len(labels) - len(under.actions())
    if more:
        under.addSeparator()
        under.addAction(f"{more} more: use Weights in the inspector").setEnabled(False)
