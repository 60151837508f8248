"""The user's own Python files: what may run, what they give, and whether their backward is right."""

from __future__ import annotations

import os
import py_compile
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from engine.graph.problem import Refused
from engine.modules.own import Own, is_outdated
from engine.modules.own_gradients import worst_error
from engine.modules.own_loading import fingerprint, permit
from engine.project.own_code import hash_of

SQUARE = "def forward(x):\n    return x * x\n\n\ndef backward(gradient, x):\n    return gradient * {factor} * x\n"
Put = Callable[..., None]


@pytest.fixture
def put(tmp_path: Path) -> Iterator[Put]:
    """Writes the block's file and, unless told otherwise, allows it."""

    def put(text: str, name: str = "mine.py", allowed: bool = True) -> None:
        data = text.encode()
        (tmp_path / name).write_bytes(data)
        permit(tmp_path, [hash_of(data)] if allowed else [])

    yield put
    permit(None, ())


def own(definition: str = "forward", inputs=("x",), outputs=("y",), shapes=((3, 4),), **options) -> Own:
    return Own("mine.py", definition, inputs, outputs, shapes=shapes, dtypes=("float32",) * len(shapes), **options)


def refusal(*arguments, **options) -> str:
    with pytest.raises(Refused) as raised:
        own(*arguments, **options)(torch.rand(3, 4))
    return str(raised.value)


def test_a_function_runs_and_pytorch_differentiates_it(put: Put) -> None:
    put("def forward(x, power=2):\n    return x**power\n")
    x = torch.rand(3, 4, requires_grad=True)
    own(settings=(("power", 3),))(x).sum().backward()
    assert torch.allclose(x.grad, 3 * x.detach() ** 2)


def test_a_backward_by_hand_is_what_trains(put: Put) -> None:
    put(SQUARE.format(factor=2) + "\n\nCALLS = []\n")
    module = own()
    code = module.code.module
    right = code.backward
    code.backward = lambda gradient, x: code.CALLS.append(1) or right(gradient, x)
    module = own()
    x = torch.rand(3, 4, requires_grad=True)
    module(x).sum().backward()
    assert torch.equal(x.grad, 2 * x.detach())
    assert code.CALLS == [1]
    with torch.no_grad():
        assert torch.equal(module(x), x.detach() ** 2)


def test_a_wrong_backward_is_refused_with_its_worst_error_and_line(put: Put) -> None:
    put(SQUARE.format(factor=3))
    said = refusal()
    assert said.startswith("mine.py, line 5: the backward of forward is wrong, its worst error ")
    error = float(said.split("worst error ")[1].split(":")[0])
    assert 0.25 <= error <= 6
    assert "the gradient of x at [" in said
    assert refusal() == said, "what is known is not computed again"


def test_one_wrong_number_among_many_is_found() -> None:
    def forward(inputs):
        return (inputs[0] * inputs[1],)

    def backward(gradients, inputs):
        first, second = gradients[0] * inputs[1], gradients[0] * inputs[0]
        second[2, 1] += 0.5
        return first, second

    found = worst_error(forward, backward, ((3, 4), (3, 4)), ("float32", "float32"))
    assert found is not None
    assert (found.input, found.place) == (1, (2, 1))
    assert found.size == pytest.approx(0.5, abs=1e-6)


def test_forward_that_takes_positive_numbers_only_can_be_checked() -> None:
    def right(gradients, inputs):
        return (gradients[0] / inputs[0],)

    def wrong(gradients, inputs):
        return (gradients[0] * inputs[0],)

    def forward(inputs):
        return (inputs[0].log(),)

    assert worst_error(forward, right, ((3, 4),), ("float32",)) is None
    assert worst_error(forward, wrong, ((3, 4),), ("float32",)) is not None


@pytest.mark.parametrize(("factor", "is_right"), [(2.0, True), (2.2, False), (-2.0, False)])
def test_a_forward_in_single_precision_is_held_to_what_it_can_tell(factor: float, is_right: bool) -> None:
    def forward(inputs):
        return (inputs[0].float() ** 2,)

    def backward(gradients, inputs):
        return ((gradients[0] * factor * inputs[0].float()).double(),)

    found = worst_error(forward, backward, ((3, 4),), ("float32",))
    assert (found is None) is is_right


def test_whole_numbers_get_no_gradient(put: Put) -> None:
    put(
        "def forward(x, i):\n    return x[i]\n\n"
        "def backward(g, x, i):\n    return g.new_zeros(x.shape).index_add(0, i, g), None\n"
    )
    module = Own("mine.py", "forward", ("x", "i"), ("y",), shapes=((3, 4), (3,)), dtypes=("float32", "int64"))
    x = torch.rand(3, 4, requires_grad=True)
    module(x, torch.tensor([2, 2, 0])).sum().backward()
    assert x.grad[:, 0].tolist() == [1.0, 0.0, 2.0]


def test_several_inputs_and_outputs_in_the_order_of_their_ports(put: Put) -> None:
    put(
        "def both(x, y):\n    return x + y, x * y\n\n"
        "def both_backward(sum, product, x, y):\n    return sum + product * y, sum + product * x\n"
    )
    module = own("both", ("x", "y"), ("sum", "product"), ((3, 4), (3, 4)))
    x, y = torch.rand(2, 3, 4).requires_grad_().unbind()
    total, product = module(x, y)
    assert torch.equal(total, x + y)
    assert torch.equal(product, x * y)


def test_a_class_with_weights_is_a_module_like_any(put: Put) -> None:
    put(
        "import torch\n\nclass Wide(torch.nn.Module):\n    def __init__(self, width):\n        super().__init__()\n"
        "        self.dense = torch.nn.Linear(4, width)\n\n    def forward(self, x):\n        return self.dense(x)\n"
    )
    module = own("Wide", settings=(("width", 5),))
    assert module(torch.rand(3, 4)).shape == (3, 5)
    assert list(module.state_dict()) == ["inner.dense.weight", "inner.dense.bias"]


def test_a_plain_class_may_have_a_backward(put: Put) -> None:
    text = (
        "class Scale:\n    def __init__(self, by=2.0):\n        self.by = by\n    def forward(self, x):\n"
        "        return self.by * x\n    def backward(self, gradient, x):\n        return {gives}\n"
    )
    put(text.format(gives="self.by * gradient"))
    x = torch.rand(3, 4, requires_grad=True)
    own("Scale", settings=(("by", 3.0),))(x).sum().backward()
    assert x.grad.unique().tolist() == [3.0]
    put(text.format(gives="gradient"))
    assert "mine.py, line 6: the backward of Scale is wrong, its worst error" in refusal("Scale")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def forward(x)\n    return x\n", "mine.py, line 1: the file cannot be imported"),
        ("\nimport nowhere\n", "mine.py, line 2: the file cannot be imported (ModuleNotFoundError"),
        ("raise SystemExit\n", "mine.py, line 1: the file cannot be imported (it ends the program)"),
        ("def another(x):\n    return x\n", "mine.py defines no forward. It defines another."),
        ("\nforward = 3\n", "mine.py, line 1: forward is neither a class nor a function"),
        ("\nclass forward:\n    pass\n", "mine.py, line 2: forward has no forward"),
        ("import torch\nclass forward(torch.nn.Module):\n    pass\n", "mine.py, line 2: forward has no forward"),
        ("def forward(x):\n    y = x\n    return y @ y\n", "mine.py, line 3: RuntimeError: "),
        (
            "\ndef forward(x):\n    return x, x\n",
            "mine.py, line 2: forward gives 2 tensors where the block has 1 output",
        ),
        ("def forward(x):\n    return 3\n", "mine.py, line 1: forward gives something of the type int where"),
        ("def forward():\n    return 3\n", "mine.py, line 1: TypeError: forward() takes 0 positional arguments"),
        (
            "def forward(x):\n    return x\ndef backward(g, x):\n    return g, g\n",
            "mine.py, line 3: the backward of forward gives 2 gradients for 1 input.",
        ),
        (
            "def forward(x):\n    return x\ndef backward(g, x):\n    return g[0]\n",
            "mine.py, line 3: the backward of forward gives 4 as the gradient of “x”, which is 3×4.",
        ),
        (
            "import torch\nclass forward(torch.nn.Linear):\n    def __init__(self):\n        super().__init__(4, 4)\n"
            "    def backward(self, g, x):\n        return g\n",
            "mine.py, line 5: forward has weights and a backward of its own",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(put: Put, text: str, said: str) -> None:
    put(text)
    assert said in refusal()


def test_a_file_that_was_not_allowed_or_has_changed_never_runs(put: Put, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"from pathlib import Path\nPath({str(mark)!r}).touch()\n\ndef forward(x):\n    return x\n"
    put(text, allowed=False)
    assert f"mine.py (SHA-256 {hash_of(text.encode())[:12]}…) may not run" in refusal()
    assert not mark.exists()
    put(text)
    module = own()
    assert mark.exists()
    assert not is_outdated(module)
    mark.unlink()
    (tmp_path / "mine.py").write_text(text + "\n")
    assert "may not run" in refusal()
    assert is_outdated(module)
    assert not mark.exists()


def test_only_the_allowed_bytes_run_and_no_bytecode_beside_them(put: Put, tmp_path: Path) -> None:
    """A stale cache with the file's own time and length would be taken by Python's usual loader."""
    harmless, other = "VALUE = 1\ndef forward(x):\n    return x\n", "VALUE = 2\ndef forward(x):\n    return x\n"
    put(other)
    py_compile.compile(str(tmp_path / "mine.py"))
    before = (tmp_path / "mine.py").stat()
    put(harmless)
    os.utime(tmp_path / "mine.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    path = list(sys.path)
    assert own().code.module.VALUE == 1
    assert sys.path == path
    assert not [name for name in sys.modules if name in ("mine", "my_block")]


def test_without_a_folder_or_a_file_that_is_said(put: Put, tmp_path: Path) -> None:
    put(SQUARE.format(factor=2))
    (tmp_path / "mine.py").unlink()
    assert f"There is no Python file mine.py in {tmp_path}." in refusal()
    permit(None, ())
    assert "the project has no folder yet" in refusal()
    assert fingerprint("../mine.py")[0].hash == ""


def test_it_learns_nothing_by_being_checked(put: Put) -> None:
    put(SQUARE.format(factor=2))
    before = torch.get_rng_state()
    own()
    assert torch.equal(torch.get_rng_state(), before)
