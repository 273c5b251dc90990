"""Every code block of README and docs runs: page by page, in order, in an empty folder.

Python blocks of a page share their names, as in a session; one that begins with `# NAME.py` is
written to a file of this name as well, for the commands that follow. Commands run in this process.
Built-in studies are trained for one epoch in two replicates, which the page need not say. What
cannot be run here is marked (`docs.blocks`), or is `text`: what commands print, or what belongs
to another program.
"""

import json
import linecache
import re
import sys
import tomllib
from types import ModuleType

import pytest

from docs.blocks import ROOT, Block, blocks, pages
from paribus import studies
from paribus.cli.app import main

PAGES = {str(page.relative_to(ROOT)): blocks(page) for page in pages()}
OUTPUTS = {"csv", "latex", "markdown", "text"}
LANGUAGES = {"console", "json", "python", "toml", *OUTPUTS}
TINY = {
    "run": ["--set", "epochs=1", "--replicates", "2"],
    "register": ["--set", "epochs=1", "--replicates", "2"],
    "plan": [],
    "check-gradients": [],
}
NOT_RUN = [block for found in PAGES.values() for block in found if block.said == "not run"]
MOST_NOT_RUN = 20
NUMBER = re.compile(r"[-\u2212]?\d[\d.,]*(e-?\d+)?")
AMOUNT = re.compile(r"(about |under )?N (\w?B|d|h|min|ms|s)\b( N \w+)?")
CHECKED_ELSEWHERE = ("make",)  # by tests/test_docs.py: the targets are there


class Session:
    """A page's blocks as somebody runs them one after the other."""

    def __init__(self, page, folder, capsys):
        self.capsys = capsys
        self.printed = ""
        self.module = ModuleType(re.sub(r"\W", "_", page))
        self.source = folder / f"{self.module.__name__}.py"
        self.module.__dict__["__file__"] = str(self.source)

    def run(self, block):
        match block.language:
            case "python":
                self.execute(block)
            case "console":
                self.printed = "".join(self.command(block, words) for words in block.commands)
            case "json":
                json.loads(block.code)
            case "toml":
                tomllib.loads(block.code)
            case _ if block.said == "printed":
                assert words_of(block.code) == words_of(self.printed), block.place

    def execute(self, block):
        """At the block's own lines, so that a traceback and `inspect` find what the page says."""
        lines = self.source.read_text("utf-8").splitlines() if self.source.exists() else []
        lines += [""] * (block.line - 1 - len(lines)) + block.code.splitlines()
        self.source.write_text("\n".join(lines) + "\n", "utf-8")
        linecache.checkcache(str(self.source))
        if block.file:
            (self.source.parent / block.file).write_text(block.code, "utf-8")
        code = "\n" * (block.line - 1) + block.code
        exec(compile(code, str(self.source), "exec"), vars(self.module))
        self.printed = self.capsys.readouterr().out

    def command(self, block, words):
        if words[0] in CHECKED_ELSEWHERE:
            return ""
        assert words[0] == "paribus", f"{block.place}: {words[0]} is not run; mark the block"
        with pytest.raises(SystemExit) as leaving:
            main([*words[1:], *tiny(words)])
        said = self.capsys.readouterr()
        code = block.said.removeprefix("exits ") if block.said.startswith("exits") else "0"
        assert str(leaving.value.code) == code, f"{block.place}: {words}\n{said.err}"
        return said.out


def tiny(words):
    """What makes a built-in study small; what the page itself sets stays."""
    name, *given = words[1:]
    study = next((word for word in given if word in studies.NAMES), None)
    options = TINY.get(name, []) if study else []
    pairs = zip(options[::2], options[1::2], strict=True)
    return [word for pair in pairs if pair[0] not in given for word in pair]


def words_of(text):
    """What was printed, with numbers, seconds and bytes as N and spaces as one.

    They follow from the machine.
    """
    return " ".join(AMOUNT.sub("N", NUMBER.sub("N", text)).split())


@pytest.fixture
def session(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARIBUS_LAB", raising=False)

    def begin(page):
        made = Session(page, tmp_path, capsys)
        monkeypatch.setitem(sys.modules, made.module.__name__, made.module)
        return made

    return begin


@pytest.mark.parametrize("page", [name for name, found in PAGES.items() if found])
def test_blocks_of_a_page_run(page, session):
    one = session(page)
    for block in PAGES[page]:
        if block.said != "not run":
            one.run(block)


@pytest.mark.parametrize("block", NOT_RUN, ids=lambda block: block.place)
def test_blocks_that_are_not_run_say_why(block):
    assert len(block.reason.split()) >= 2
    pytest.skip(f"{block.place} is not run: {block.reason}")


def test_few_blocks_are_not_run():
    assert len(NOT_RUN) <= MOST_NOT_RUN, [block.place for block in NOT_RUN]


@pytest.mark.parametrize("page", PAGES)
def test_every_fence_of_a_page_is_a_block_of_a_known_language(page):
    fences = re.findall(r"^ *(?:```|~~~)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert len(fences) == 2 * len(PAGES[page])
    unknown = [one.place for one in PAGES[page] if one.language not in LANGUAGES]
    assert not unknown, f"languages are {', '.join(sorted(LANGUAGES))}"


@pytest.mark.parametrize("page", PAGES)
def test_marks_are_understood(page):
    """A misspelt mark would be no mark, and a mark that stands apart is of no block."""
    text = (ROOT / page).read_text("utf-8")
    marks = re.findall(r"<!-- (?:not run|exits|printed)\b", text)
    assert len(marks) == sum(bool(block.said) for block in PAGES[page])


def block(code, language="python", said=""):
    return Block(ROOT / "docs" / "page.md", 3, language, code, said, "")


def test_a_block_that_fails_names_its_line(session):
    with pytest.raises(ZeroDivisionError) as raised:
        session("page.md").run(block("a = 1\na / 0\n"))
    assert raised.traceback[-1].lineno + 1 == 4


def test_what_is_printed_is_compared_but_for_numbers(session):
    one = session("page.md")
    one.run(block("print('12 runs of 3.5e-05')\n"))
    one.run(block("7 runs of 0.1\n", "text", "printed"))
    with pytest.raises(AssertionError):
        one.run(block("7 runs in 0.1\n", "text", "printed"))


def test_a_command_that_fails_fails_the_page(session):
    with pytest.raises(AssertionError, match="no study named 'activation'"):
        session("page.md").run(block("paribus run activation\n", "console"))
    session("page.md").run(block("paribus run activation\n", "console", "exits 2"))


def test_other_programs_are_not_passed_over(session):
    with pytest.raises(AssertionError, match="pip is not run; mark the block"):
        session("page.md").run(block("pip install paribus\n", "console"))
