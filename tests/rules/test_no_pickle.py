"""Opening a file runs no code: no pickle, no eval, no shell, nowhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for folder in ("app", "graph_editor", "engine", "resources") for path in (ROOT / folder).rglob("*.py")
)
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "multiprocessing", "telnetlib"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
CALLS = {"torch.load", "torch.save", "os.system", "os.popen", "yaml.load", "torch.jit.load"}


def faults(tree: ast.AST) -> list[str]:
    """What the rule forbids in the source, with its line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [f"{node.lineno}: {name.name}" for name in node.names if name.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in MODULES:
                found.append(f"{node.lineno}: {node.module}")
            if node.module == "torch":
                found += [f"{node.lineno}: torch.{name.name}" for name in node.names if name.name in ("load", "save")]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if (isinstance(node.func, ast.Name) and name in BUILTINS) or name in CALLS:
                found.append(f"{node.lineno}: {name}")
            if name in ("np.load", "numpy.load") and "allow_pickle" not in [word.arg for word in node.keywords]:
                found.append(f"{node.lineno}: {name} without allow_pickle=False")
            for word in node.keywords:
                if word.arg in ("shell", "allow_pickle") and not (
                    isinstance(word.value, ast.Constant) and word.value.value is False
                ):
                    found.append(f"{node.lineno}: {word.arg}=")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_can_run_what_it_reads(path: Path) -> None:
    assert not faults(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "exec(text)",
        "torch.load(path)",
        "from torch import load",
        "subprocess.run('ls', shell=True)",
        "subprocess.run('ls', shell=given)",
        "np.load(path, allow_pickle=True)",
        "np.load(path)",
        "os.system('ls')",
        "import multiprocessing.pool",
    ],
)
def test_the_rule_sees_what_it_forbids(line: str) -> None:
    assert faults(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    [
        "re.compile('a')",
        "module.eval()",
        "subprocess.run(['ls'], shell=False)",
        "model.load(x)",
        "np.load(path, allow_pickle=False)",
    ],
)
def test_the_rule_leaves_the_rest_alone(line: str) -> None:
    assert not faults(ast.parse(line))
