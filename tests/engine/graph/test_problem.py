"""Sentences: every code is told, every place in it is filled."""

from __future__ import annotations

import re
import string

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.fix_words import FIX_DONE, FIX_LABELS
from engine.graph.graph import Block, Graph
from engine.graph.parameter_rules import parameter_problem
from engine.graph.problem import Fix, Problem, Refused, block_words, refused, tell_of_blank
from engine.graph.sentences import SENTENCES
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Formula


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_has_no_gap_left(code: str) -> None:
    parts = SENTENCES[code]
    places = {name for part in parts for _, name, _, _ in string.Formatter().parse(part) if name is not None}
    facts = {name: f"<{name}>" for name in places - {"block"}}
    if "block" in places:
        facts.update(title="Dense", name="hidden")
    problem = Problem(code=code, facts=facts)
    assert "?" not in problem.sentence
    assert problem.sentence.endswith((".", ">")), "a sentence ends"
    assert "{" not in problem.sentence
    assert all(f"<{name}>" in problem.sentence for name in places - {"block"})


@pytest.mark.parametrize("code", SENTENCES)
def test_headlines_have_no_full_stop_and_advice_has_one(code: str) -> None:
    headline, advice = SENTENCES[code]
    assert headline[0].isupper() or headline[0] == "{"
    assert not headline.endswith(".")
    assert not advice or advice.endswith((".", "}"))


@pytest.mark.parametrize("code", [code for code in SENTENCES if re.search("^file-|^too-deep$|^newer|-range$", code)])
def test_what_is_wrong_with_a_file_or_out_of_range_is_told_with_what_to_do(code: str) -> None:
    assert re.match("(It was left as it is; )?(open|check|choose|copy|update|give) ", SENTENCES[code][1], re.I)


@pytest.mark.parametrize("edit", FIX_LABELS)
def test_the_label_of_a_fix_is_filled(edit: str) -> None:
    places = [name for _, name, _, _ in string.Formatter().parse(FIX_LABELS[edit]) if name]
    fix = Fix(edit=edit, facts=dict.fromkeys(places, "word"))
    assert "?" not in fix.label
    assert "?" not in fix.done
    assert fix.done != fix.label, "it is done, and asks for nothing"


def test_every_fix_says_that_it_was_made() -> None:
    assert FIX_DONE.keys() == FIX_LABELS.keys()
    fix = Fix("set_parameter", facts={"label": "Skip", "value": "projection"})
    assert (fix.label, fix.done) == ("Set Skip to projection", "Skip is projection now")


def test_facts_read_as_people_write_them() -> None:
    spec = TensorSpec((Dim("N"), 1, 8, 8), "float32")
    facts = {"title": "Dense", "name": "hidden", "expected": "N×features", "received": spec, "hint": "", "source": ""}
    problem = Problem(code="rank", facts=facts)
    assert problem.sentence == "Dense “hidden” expects N×features but receives N×1×8×8."
    wide = Problem(code="batch-size", facts={"batch": 100_000, "rows": 1797})
    assert wide.headline == "A batch of 100\u2009000 is larger than the 1797 samples to train on"


@pytest.mark.parametrize("code", SENTENCES)
def test_one_of_a_kind_is_no_plural(code: str) -> None:
    """Whatever a sentence counts, there may be one of it: `{rows:samples}`, never `{rows} samples`."""
    nouns = {spec for parts in SENTENCES.values() for part in parts for _, _, spec, _ in string.Formatter().parse(part)}
    nouns = {noun for noun in nouns if noun} | {"epochs", "steps", "threads", "tensors", "filters", "features", "files"}
    assert {"numbers", "classes", "units", "samples", "rows"} <= nouns
    for part in SENTENCES[code]:
        assert not nouns & set(re.findall(r"\{\w+\} ([a-z]+s)\b", part))


def test_a_number_is_told_with_what_it_counts() -> None:
    facts = {"title": "Cross-entropy", "name": "Loss", "outputs": 1, "classes": 3}
    assert Problem(code="too-few-outputs", facts=facts).sentence == (
        "Cross-entropy “Loss” gets 1 number a sample for 3 classes. Give the last layer 3 units."
    )
    facts = {"title": "Cross-entropy", "name": "Loss", "outputs": 12_000, "classes": 1}
    assert Problem(code="spare-outputs", facts=facts).sentence == (
        "Cross-entropy “Loss” gets 12\u2009000 numbers a sample for 1 class only. "
        "No sample is ever of the others; give the last layer 1 unit."
    )


def test_a_missing_fact_never_raises() -> None:
    assert Problem(code="optimiser").sentence == "There is no optimiser ?. Choose one of ?."


def test_a_name_that_says_no_more_than_the_title_is_left_out() -> None:
    assert block_words("Dense", "dense") == "Dense"
    assert block_words("Dense", "Dense 2") == "Dense “Dense 2”"


def test_the_port_of_a_problem_is_a_fact_of_it() -> None:
    fault = refused("unknown-port", port="z", title="Add", name="Add", known="a, b")
    assert isinstance(fault, Refused)
    assert fault.problem.port == "z"
    assert str(fault) == "Add has no port z. Its ports are a, b."


@pytest.mark.parametrize(
    ("type", "parameter", "value", "sentence"),
    [
        (
            "dense",
            "out_features",
            0,
            "Units of Dense “hidden” is 0, out of range: 1 to 1\u2009000\u2009000. Give it a value in range.",
        ),
        ("dense", "out_features", 2.5, "Units of Dense “hidden” must be a whole number, not 2.5."),
        ("dense", "out_features", True, "Units of Dense “hidden” must be a whole number, not yes."),
        ("dense", "bias", 1, "Bias of Dense “hidden” must be yes or no, not 1."),
        (
            "conv2d",
            "padding",
            "valid",
            "Padding of Convolution “hidden” cannot be valid. Choose one of same, none, custom.",
        ),
        ("conv2d", "padding", 3, "Padding of Convolution “hidden” must be one of its choices, not 3."),
        (
            "conv2d",
            "kernel_size",
            3,
            "Kernel size of Convolution “hidden” must be whole numbers such as 3×3, not 3.",
        ),
        (
            "conv2d",
            "kernel_size",
            (3, 0),
            "Kernel size of Convolution “hidden” is 3×0, out of range: 1 to 65\u2009536. Give it a value in range.",
        ),
        (
            "dense",
            "out_features",
            Formula("k"),
            "Units of Dense “hidden” cannot be computed: there is no project variable k (known: none). "
            "Write a number or a formula such as 64 * 2**i.",
        ),
        ("dropout", "p", float("nan"), "Probability of Dropout “hidden” must be a number, not nan."),
        ("input", "dataset", 3, "Dataset of Input “hidden” must be text, not 3."),
    ],
)
def test_what_a_parameter_cannot_be(type: str, parameter: str, value: object, sentence: str) -> None:
    kind = BLOCK_TYPES[type]
    declared = kind.parameter(parameter)
    assert declared is not None
    problem = parameter_problem(kind, Block("b", type, "hidden"), declared, value, {})
    assert problem is not None
    assert problem.sentence == sentence


def test_problems_tell_of_a_blank_drawing_whatever_else_they_tell() -> None:
    missing = Problem("no-loss")
    assert Graph().is_blank
    assert not Graph(blocks={"a": Block("a", "relu", "ReLU")}).is_blank
    assert tell_of_blank((missing, Problem("empty")))
    assert not tell_of_blank((missing,))
    assert not tell_of_blank(())
