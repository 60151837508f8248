"""The commands of `tensorloom`, each a few lines over the parts that do the work."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from engine.graph.problem import Refused, refused
from engine.graph.values import printable
from engine.project.atomic_file import reason_of

app = typer.Typer(
    name="tensorloom",
    help="Draw neural networks, watch them learn, take the PyTorch away. Without a command the window opens.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Datasets: list, get, info, import.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")

INTERRUPTED = 130
"""The exit status of what Ctrl-C ended, as shells have it."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Target = Annotated[str, typer.Argument(metavar="FILE|EXAMPLE", help="A .loom file, or the id of an example.")]
AllowCode = Annotated[
    bool, typer.Option("--allow-code", help="Let the project's own Python files run; names them and their hashes.")
]
Epochs = Annotated[int | None, typer.Option(help="Epochs of every stage.")]
Seed = Annotated[int | None, typer.Option(help="Seed of weights, batches and noise.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps …")]
Threads = Annotated[int | None, typer.Option(help="Threads of the CPU; default: all cores but one.")]
Data = Annotated[str | None, typer.Option(help="A dataset's name, or a folder of IDX files.")]
Assignments = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="plan.batch_size=32, Dense.out_features=64 …")
]


def main(arguments: list[str]) -> int:
    """Run one command. 0 done, 1 the user's input has errors (a sentence on stderr), 2 wrong usage."""
    # Torch's threads would spin while they wait and starve everything beside them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        with _own_interrupt():
            result = app(args=arguments, prog_name="tensorloom", standalone_mode=False)
            if sys.stdout is not None:
                sys.stdout.flush()
    except Refused as fault:
        say(fault.problem.sentence)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        say("Stopped.")
        return 1
    except BrokenPipeError:
        # The reader of a pipe (head, a closed pager) has enough.
        _leave_stdout()
        return 0
    except OSError as fault:
        # Files are named by their faults; only the output has none.
        if fault.filename is not None:
            raise
        _leave_stdout()
        say(f"The output cannot be written: {reason_of(fault)}.")
        return 1
    except typer.Exit as end:
        return end.exit_code
    except Exception as fault:
        if hasattr(fault, "exit_code") and hasattr(fault, "show"):
            fault.show()
            return int(fault.exit_code)
        raise
    return result if isinstance(result, int) else 0


def _leave_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _own_interrupt() -> Iterator[None]:
    """While inside, Ctrl-C ends the program at once where torch is being imported: an exception there aborts in C++."""

    def interrupt(number: int, frame: object) -> None:
        torch = sys.modules.get("torch")
        if torch is not None and getattr(torch.__spec__, "_initializing", False):
            os._exit(INTERRUPTED)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def say(sentence: str) -> None:
    """One sentence on stderr."""
    sys.stderr.write(f"{sentence}\n")


def show(value: object) -> None:
    """JSON on stdout."""
    print(msgspec.json.encode(value).decode())


@app.command()
def examples(json: Json = False) -> None:
    """The gallery: projects to start from."""
    from engine.project.examples import examples as all_examples

    found = all_examples()
    if json:
        show(found)
        return
    for example in found:
        print(f"{example.id:20} {example.description}")


@app.command()
def new(
    example: Annotated[str, typer.Argument(metavar="EXAMPLE")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE")],
) -> None:
    """Write an example to a file of your own."""
    from engine.project.examples import read_example
    from engine.project.project_file import SUFFIX, write_project

    if output.name and output.suffix != SUFFIX:
        output = output.with_name(output.name + SUFFIX)
    if os.path.isfile(output):
        raise refused("file-there", file=str(output))
    write_project(output, read_example(example))
    print(f"Wrote {output}. Train it with: tensorloom train {output}")


@app.command()
def check(target: Target, allow_code: AllowCode = False, json: Json = False) -> None:
    """Shapes, costs and problems of a drawing; needs no data. Exit 1 if it has errors."""
    from app.cli.describing import described
    from app.cli.opening import open_project
    from engine.blocks.catalogue import BLOCK_TYPES
    from engine.blocks.inputs import dataset_names
    from engine.compile.analyse import Analyser
    from engine.data.catalogue import DATASETS
    from engine.data.split_counts import split_problem
    from engine.training.check_plan import check_plan

    project = open_project(target, allow_code)
    plan = project.settings.plan
    analysis = Analyser(BLOCK_TYPES).analyse(project.graph)
    found = check_plan(project.graph, plan, DATASETS, BLOCK_TYPES, analysis, for_run=False)
    named = dataset_names(project.graph, BLOCK_TYPES)
    refs = (ref for ref in project.settings.datasets if ref.name in named)
    splits = (problem for ref in refs if (problem := split_problem(ref, DATASETS.get(ref.name))) is not None)
    result = described(project.graph, BLOCK_TYPES, analysis, (*analysis.problems, *splits, *found))
    if json:
        show(result)
    else:
        _print_check(result)
    if not result["ok"]:
        raise typer.Exit(1)


def _print_check(result: dict) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("block")
    table.add_column("type")
    table.add_column("gives")
    table.add_column("parameters", justify="right")
    for block in result["blocks"]:
        depth = block["id"].count("/")
        shapes = ", ".join("×".join(map(str, dims)) or "scalar" for dims in block["outputs"].values())
        name = "  " * depth + printable(block["name"])
        table.add_row(name, printable(block["type"]), shapes, f"{block['parameters']:,}")
    # Names are the user's: a [bracket] in one is no colour, and :smile: no picture.
    Console(soft_wrap=True, markup=False, emoji=False).print(table)
    at = f" at {result['time_length']} steps" if result["time_length"] else ""
    print(f"{result['parameters']:,} parameters, {result['multiply_adds']:,} multiply-adds per sample{at}.")
    for problem in result["problems"]:
        fixes = f" ({', '.join(problem['fixes'])})" if problem["fixes"] else ""
        say(f"{problem['severity']}: {problem['message']}{fixes}")
    if not result["problems"]:
        print("No problems.")


@app.command()
def train(
    target: Target,
    epochs: Epochs = None,
    seed: Seed = None,
    device: Device = None,
    threads: Threads = None,
    data: Data = None,
    set: Assignments = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the weights in FILE.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Save the trained project here.")] = None,
    allow_code: AllowCode = False,
    json: Json = False,
) -> None:
    """Train a project by its plan."""
    from app.cli.opening import open_project, with_plan, with_settings
    from app.cli.training import figures, json_teller, progress_teller, train_project
    from app.wording import count_words
    from engine.training.events import Finished

    project = with_plan(open_project(target, allow_code), epochs, seed, device, threads, data)
    project = with_settings(project, set or [])
    if json:
        train_project(project, resume, out, json_teller(sys.stdout))
        return
    with progress_teller() as tell:
        end = train_project(project, resume, out, tell)
    if isinstance(end, Finished):
        print(
            f"Test set: {printable(figures(end.test)) or 'no figures'}. {end.seconds:.1f} s, "
            f"{end.samples_per_second:,.0f} samples/s on {end.device}, {count_words(end.threads, 'thread')}."
        )
    else:
        print(f"Stopped in epoch {end.epoch}.")
    if out is not None:
        print(f"Saved {out}.")


@app.command()
def evaluate(
    target: Target,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    allow_code: AllowCode = False,
    json: Json = False,
) -> None:
    """The metrics of a project's trained weights."""
    from app.cli.opening import open_project
    from app.cli.training import evaluate_project, figures

    if split not in ("train", "validation", "test"):
        raise refused("setting-range", label="Split", value=split, range="train, validation or test")
    metrics = evaluate_project(open_project(target, allow_code), split)
    if json:
        show({"split": split, **metrics})
    else:
        print(printable(figures(metrics)))


@app.command()
def predict(
    target: Target,
    source: Annotated[str, typer.Argument(metavar="INPUT", help="A picture, .npy, .csv, or a row such as test:17.")],
    allow_code: AllowCode = False,
    json: Json = False,
) -> None:
    """What a project's trained network says of an input."""
    from app.cli.opening import open_project
    from app.cli.prediction import predict as predicted

    found = predicted(open_project(target, allow_code), source)
    if json:
        show({"predictions": found})
        return
    for said in found:
        name = printable(said["loss"])
        if "class" in said:
            sure = max(said["probabilities"]) if "probabilities" in said else said["probability"]
            print(f"{name}: class {said['class']} ({100 * sure:.1f} %)")
        elif "classes" in said:
            print(f"{name}: classes {said['classes']}")
        else:
            print(f"{name}: {' '.join(f'{value:.4g}' for value in said['values'])}")


@app.command()
def export(
    target: Target,
    to: Annotated[str, typer.Option("--to", help="python, onnx or safetensors.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT")],
    allow_code: AllowCode = False,
) -> None:
    """Write a project as PyTorch source, as ONNX or as plain weights."""
    from app.cli.exporting import export_project
    from app.cli.opening import open_project

    print(export_project(open_project(target, allow_code), to, output))


@app.command()
def render(
    target: Target,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT.png|svg")],
    theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    scale: Annotated[float, typer.Option(help="Pixels per unit of a PNG.")] = 2.0,
    allow_code: AllowCode = False,
) -> None:
    """The drawing as a picture, without a window."""
    from app.cli.opening import open_project
    from app.cli.picture import render_project

    render_project(open_project(target, allow_code), output, theme, scale)
    print(f"Wrote {output}.")


@app.command()
def demo(
    picture: Annotated[Path, typer.Option(help="Where the picture goes without a display.")] = Path(
        "tensorloom-demo.png"
    ),
    epochs: Epochs = None,
) -> None:
    """Open the digits convnet and train it live; without a display, off-screen with a picture."""
    from app.cli.demo import run_demo

    raise typer.Exit(run_demo(picture, epochs))


@data_app.command("list")
def list_data(json: Json = False) -> None:
    """The datasets that Inputs can read."""
    from app.cli.data import list_datasets

    list_datasets(json)


@data_app.command("get")
def get_data(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Download a dataset; goes on where it broke off."""
    from app.cli.data import get_dataset

    get_dataset(name)


@data_app.command("info")
def data_info(name: Annotated[str, typer.Argument(metavar="NAME|FOLDER")], json: Json = False) -> None:
    """Fields, rows and split of a dataset."""
    from app.cli.data import dataset_info

    dataset_info(name, json)


@data_app.command("import")
def import_data(folder: Annotated[Path, typer.Argument(metavar="FOLDER")]) -> None:
    """Copy the four IDX files of a folder to where MNIST is looked for."""
    from app.cli.data import import_mnist

    import_mnist(folder)
