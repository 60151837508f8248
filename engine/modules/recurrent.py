"""Recurrent layers over N×T×features, their states as tensors that begin with N."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class RNN(nn.RNN):
    """nn.RNN that returns the last state N×D·H, or every state N×T×D·H (D = 2 for both directions).

    h = tanh(W x + b + U h + c), or ReLU. Elman, Finding structure in time, 1990. With `states` also the state of each
    layer and direction after the last step, N×H, or N×D·L×H where there are several.
    """

    def __init__(self, *, last_step: bool = True, states: bool = False, **arguments: Any) -> None:
        super().__init__(batch_first=True, **arguments)
        self.last_step = last_step
        self.states = states

    def forward(  # type: ignore[override]
        self, input: Tensor, initial_state: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        """N×T×features, and the states to begin with, else 0."""
        given = _layers_first(initial_state) if initial_state is not None else None
        steps, last = super().forward(input, given)
        output = _read(steps, last, self.last_step, self.bidirectional)
        return (output, _batch_first(last)) if self.states else output


class GRU(nn.GRU):
    """nn.GRU that returns the last state N×D·H, or every state N×T×D·H (D = 2 for both directions).

    Cho et al., Learning phrase representations using RNN encoder–decoder, 2014; gates as in nn.GRU. `states` as in RNN.
    """

    def __init__(self, *, last_step: bool = True, states: bool = False, **arguments: Any) -> None:
        super().__init__(batch_first=True, **arguments)
        self.last_step = last_step
        self.states = states

    def forward(  # type: ignore[override]
        self, input: Tensor, initial_state: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        """N×T×features, and the states to begin with, else 0."""
        given = _layers_first(initial_state) if initial_state is not None else None
        steps, last = super().forward(input, given)
        output = _read(steps, last, self.last_step, self.bidirectional)
        return (output, _batch_first(last)) if self.states else output


class LSTM(nn.LSTM):
    """nn.LSTM that returns the last state N×D·H, or every state N×T×D·H (D = 2 for both directions).

    Hochreiter and Schmidhuber, Long short-term memory, 1997; gates as in nn.LSTM. `states` as in RNN, and of cells.
    With `peepholes` the gates also see the cell, each unit its own by a weight: i and f the cell before the step, o
    the one after it. Gers and Schmidhuber, Recurrent nets that time and count, 2000. Those step in Python: slower.
    """

    def __init__(
        self, *, last_step: bool = True, states: bool = False, peepholes: bool = False, **arguments: Any
    ) -> None:
        super().__init__(batch_first=True, **arguments)
        self.last_step = last_step
        self.states = states
        self.peepholes = peepholes
        if peepholes:
            bound = self.hidden_size**-0.5
            for end in self._ends():
                for gate in ("i", "f", "o"):
                    weight = torch.empty(self.hidden_size).uniform_(-bound, bound)
                    self.register_parameter(f"weight_c{gate}{end}", nn.Parameter(weight))

    def forward(  # type: ignore[override]
        self, input: Tensor, initial_state: Tensor | None = None, initial_cell: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """N×T×features, and the states and cells to begin with, else 0."""
        given = None
        if initial_state is not None or initial_cell is not None or self.peepholes:
            zeros = input.new_zeros(len(self._ends()), input.shape[0], self.hidden_size)
            given = (
                zeros if initial_state is None else _layers_first(initial_state),
                zeros if initial_cell is None else _layers_first(initial_cell),
            )
        if self.peepholes:
            assert given is not None
            steps, last, cells = self._peephole_layers(input, *given)
        else:
            steps, (last, cells) = super().forward(input, given)
        output = _read(steps, last, self.last_step, self.bidirectional)
        return (output, _batch_first(last), _batch_first(cells)) if self.states else output

    def _ends(self) -> list[str]:
        directions = ("", "_reverse") if self.bidirectional else ("",)
        return [f"_l{layer}{direction}" for layer in range(self.num_layers) for direction in directions]

    def _peephole_layers(self, input: Tensor, states: Tensor, cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        ends = self._ends()
        width = len(ends) // self.num_layers
        last: list[Tensor] = []
        last_cells: list[Tensor] = []
        for layer in range(self.num_layers):
            made = []
            if layer and self.dropout:
                input = functional.dropout(input, self.dropout, self.training)
            for index in range(layer * width, (layer + 1) * width):
                steps, state, cell = self._peephole_steps(input, ends[index], states[index], cells[index])
                made.append(steps)
                last.append(state)
                last_cells.append(cell)
            input = torch.cat(made, dim=2)
        return input, torch.stack(last), torch.stack(last_cells)

    def _peephole_steps(self, input: Tensor, end: str, state: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        from_input_weight, from_state_weight = (getattr(self, f"weight_{kind}{end}") for kind in ("ih", "hh"))
        input_bias, state_bias = (getattr(self, f"bias_{kind}{end}", None) for kind in ("ih", "hh"))
        to_input, to_forget, to_output = (getattr(self, f"weight_c{gate}{end}") for gate in ("i", "f", "o"))
        from_input = functional.linear(input, from_input_weight, input_bias)
        places = range(input.shape[1])
        made: list[Tensor] = [state] * len(places)
        for place in reversed(places) if end.endswith("_reverse") else places:
            gates = from_input[:, place] + functional.linear(state, from_state_weight, state_bias)
            write, keep, new, read = gates.chunk(4, dim=1)
            write, keep = torch.sigmoid(write + to_input * cell), torch.sigmoid(keep + to_forget * cell)
            cell = keep * cell + write * torch.tanh(new)
            state = torch.sigmoid(read + to_output * cell) * torch.tanh(cell)
            made[place] = state
        return torch.stack(made, dim=1), state, cell


class RNNCell(nn.RNNCell):
    """One step of an RNN: h = tanh(W x + b + U h + c), or ReLU."""

    def forward(self, input: Tensor, state: Tensor | None = None) -> Tensor:
        """N×features and the state before, N×H, else 0; returns the state after."""
        return super().forward(input, state)


class GRUCell(nn.GRUCell):
    """One step of a GRU, gates as in nn.GRU."""

    def forward(self, input: Tensor, state: Tensor | None = None) -> Tensor:
        """N×features and the state before, N×H, else 0; returns the state after."""
        return super().forward(input, state)


class LSTMCell(nn.LSTMCell):
    """One step of an LSTM, gates as in nn.LSTM."""

    def forward(  # type: ignore[override]
        self, input: Tensor, state: Tensor | None = None, cell: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """N×features, state and cell before, N×H each, else 0; returns both after."""
        zeros = input.new_zeros(input.shape[0], self.hidden_size)
        return super().forward(input, (zeros if state is None else state, zeros if cell is None else cell))


def _layers_first(state: Tensor) -> Tensor:
    """N×H or N×D·L×H to D·L×N×H, as PyTorch has it."""
    return state.unsqueeze(0) if state.dim() == 2 else state.transpose(0, 1).contiguous()


def _batch_first(state: Tensor) -> Tensor:
    """D·L×N×H to N×H, or N×D·L×H where there are several."""
    return state[0] if state.shape[0] == 1 else state.transpose(0, 1)


def _read(steps: Tensor, last: Tensor, last_step: bool, bidirectional: bool) -> Tensor:
    if not last_step:
        return steps
    return torch.cat((last[-2], last[-1]), dim=1) if bidirectional else last[-1]
