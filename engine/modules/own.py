"""A module that is the user's own Python file: a class with a forward, or a function, with a backward or without."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.blocks.custom import backward_of
from engine.graph.problem import Fact, Problem, Refused, refused
from engine.graph.values import counted
from engine.modules.own_gradients import worst_error
from engine.modules.own_loading import OwnCode, called, fingerprint, load

Settings = Sequence[Sequence[Any]]
_checked: dict[tuple[Any, ...], Problem | None] = {}
_lock = threading.Lock()


class Own(nn.Module):
    """Calls what `definition` names in the file `file`; inputs and outputs have any shape that it takes and gives.

    A class is constructed with `settings` (pairs of name and value), a function takes them by keyword. A backward takes
    the gradients of the outputs, then the inputs, and returns a gradient (or None) for each input; it is held to the
    slopes of forward on small inputs of the given `shapes` and `dtypes` before it is used.
    Raises Refused, now and when called: what `load` raises, `code-definition`, `code-kind`, `code-weights`,
    `code-backward`, `code-outputs`, `code-gradients`, `code-failed`.
    """

    def __init__(
        self,
        file: str,
        definition: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        settings: Settings = (),
        shapes: Sequence[Sequence[int]] = (),
        dtypes: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.code = load(file)
        self.file, self.definition = file, definition
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self._settings: dict[str, Any] = {str(name): value for name, value in settings}
        self._find()
        if self._backward is not None:
            key = (self.code.path, self.code.hash, definition, self.inputs, self.outputs, settings, shapes, dtypes)
            self._check_backward(key, shapes, dtypes)

    def forward(self, *inputs: Tensor) -> Any:
        """The outputs of the user's forward: a tensor, or a tuple in the order of the ports."""
        if self._backward is not None and torch.is_grad_enabled():
            return _Handwritten.apply(self, *inputs)  # type: ignore[no-untyped-call]
        outputs = self.outputs_of(inputs)
        return outputs if len(outputs) > 1 else outputs[0]

    def outputs_of(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What the user's forward gives, as many tensors as there are ports. Raises Refused."""
        result = called(self.code, self._forward_name, self._forward, *inputs, **self._keywords)
        found = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        wrong = next((type(item).__name__ for item in found if not isinstance(item, Tensor)), None)
        if wrong is not None or len(found) != len(self.outputs):
            given = f"something of the type {wrong}" if wrong is not None else counted(len(found), "tensors")
            count, wanted = counted(len(self.outputs), "outputs"), ", ".join(self.outputs)
            raise Refused(self._problem("code-outputs", self._forward_name, given=given, count=count, wanted=wanted))
        return found

    def gradients_of(self, gradients: tuple[Tensor, ...], inputs: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
        """What the user's backward gives for each input, of its shape; None for whole numbers. Raises Refused."""
        assert self._backward is not None
        result = called(self.code, self._backward_name, self._backward, *gradients, *inputs, **self._keywords)
        found = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        if len(found) != len(inputs):
            words = f"{counted(len(found), 'gradients')} for {counted(len(inputs), 'inputs')}"
            raise Refused(self._problem("code-gradients", self._backward_name, given=words))
        for name, gradient, value in zip(self.inputs, found, inputs, strict=True):
            if gradient is None:
                continue
            if not isinstance(gradient, Tensor):
                words = f"something of the type {type(gradient).__name__}"
                raise Refused(self._problem("code-gradients", self._backward_name, given=words))
            if gradient.shape != value.shape:
                words = f"{_shape(gradient)} as the gradient of “{name}”, which is {_shape(value)}"
                raise Refused(self._problem("code-gradients", self._backward_name, given=words))
        return tuple(
            gradient if value.is_floating_point() else None for gradient, value in zip(found, inputs, strict=True)
        )

    def _find(self) -> None:
        """Look the definition up, and construct it where it is a class."""
        found = getattr(self.code.module, self.definition, None)
        if found is None:
            known = ", ".join(name for name in self.code.lines if "." not in name) or "nothing"
            raise refused("code-definition", file=self.file, definition=self.definition, known=known)
        self._forward: Callable[..., Any]
        self._backward: Callable[..., Any] | None
        self._keywords: dict[str, Any] = {}
        self.inner: nn.Module | None = None
        if inspect.isclass(found):
            self._forward_name = f"{self.definition}.forward"
            self._backward_name = f"{self.definition}.backward"
            self._construct(found)
            return
        if not inspect.isroutine(found):
            raise Refused(self._problem("code-kind", self.definition, kind="is neither a class nor a function"))
        self._forward_name = self.definition
        self._backward_name = backward_of(self.definition)
        self._forward = found
        self._backward = getattr(self.code.module, self._backward_name, None)
        self._keywords = self._settings

    def _construct(self, cls: type) -> None:
        made = called(self.code, self.definition, cls, **self._settings)
        if isinstance(made, nn.Module):
            self.inner = made
        # Its call and not itself: a module that is kept under two names has its weights twice.
        forward = made.__call__ if isinstance(made, nn.Module) else getattr(made, "forward", None)
        own = not isinstance(made, nn.Module) or type(made).forward is not nn.Module.forward
        if not callable(forward) or not own:
            raise Refused(self._problem("code-kind", self.definition, kind="has no forward"))
        self._forward = forward
        self._backward = getattr(made, "backward", None)
        if self._backward is not None and self.inner is not None and any(True for _ in self.inner.parameters()):
            raise Refused(self._problem("code-weights", self._backward_name))

    def _check_backward(self, key: tuple[Any, ...], shapes: Sequence[Sequence[int]], dtypes: Sequence[str]) -> None:
        """Hold backward to forward, once for each content of the file and each kind of input."""
        with _lock:
            if key not in _checked:
                _checked[key] = self._fault_of_backward(shapes, dtypes)
            problem = _checked[key]
        if problem is not None:
            raise Refused(problem)

    def _fault_of_backward(self, shapes: Sequence[Sequence[int]], dtypes: Sequence[str]) -> Problem | None:
        try:
            with torch.device("cpu"):
                trial = _Trial(self)
            error = worst_error(trial.outputs_of, trial.gradients_of, shapes, dtypes)
        except Refused as fault:
            return fault.problem
        if error is None:
            return None
        return self._problem(
            "code-backward",
            self._backward_name,
            input=self.inputs[error.input],
            place=", ".join(map(str, error.place)),
            gradient=f"{error.gradient:.6g}",
            slope=f"{error.slope:.6g}",
            error=f"{error.size:.2g}",
        )

    def _problem(self, code: str, name: str, **facts: Fact) -> Problem:
        """What is wrong with the class or function `name`, and the line of the file where it begins."""
        line = self.code.lines.get(name, self.code.lines.get(self.definition, 1))
        told: dict[str, Fact] = {"file": self.file, "line": line, "definition": self.definition, **facts}
        return Problem(code=code, facts=told)


class _Trial(Own):
    """Another of the same on the CPU and in float64, whose backward nobody checks again."""

    def __init__(self, model: Own) -> None:
        nn.Module.__init__(self)
        self.code, self.file, self.definition = model.code, model.file, model.definition
        self.inputs, self.outputs, self._settings = model.inputs, model.outputs, model._settings
        self._find()
        if self.inner is not None:
            self.inner.double().eval()


class _Handwritten(torch.autograd.Function):
    """The user's forward and backward as one operation."""

    @staticmethod
    def forward(context: Any, own: Own, *inputs: Tensor) -> Any:
        """The user's outputs; keeps the inputs for backward."""
        context.own = own
        context.save_for_backward(*inputs)
        outputs = own.outputs_of(inputs)
        return outputs if len(outputs) > 1 else outputs[0]

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Any:
        """The user's gradients; none for the module itself."""
        return (None, *context.own.gradients_of(gradients, context.saved_tensors))


def is_outdated(root: nn.Module) -> bool:
    """Whether a file that modules under `root` came from has become another since."""
    codes: list[OwnCode] = [module.code for module in root.modules() if isinstance(module, Own)]
    return any(fingerprint(code.name)[0].hash != code.hash for code in codes)


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a scalar"
