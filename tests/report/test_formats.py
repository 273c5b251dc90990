"""Tables as Markdown, LaTeX and CSV: read back by a reader of each, with hostile text in them."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from paribus.report.formats import Column, Grid, comma_separated, latex, markdown

markdown_it = pytest.importorskip("markdown_it")

HOSTILE = [
    "a | b",
    "back\\slash | pipe \\| both",
    "<script>alert(1)</script>",
    "[link](javascript:alert(1)) ![image](http://x.example/y.png)",
    "*bold* _under_ __dunder__ `code` ~~gone~~ $x^2$ &amp; &lt;",
    "50 % of {all} #1 \\input{/etc/passwd} \\end{tabular} ^^41 ~",
    "line\nbreak\r\nand\u2028more\x0bof\x0cit\x85end",
    "\x00nul\x1b[31mred",
    "[3pt] first",
    "* second",
    "---",
    "| --- | --- |",
    '"quoted", with; comma',
    "",
    "\u03b1 \u2264 \u2212\u221e",
]
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "--1"]


def grid(*rows, heads=("label", "value"), caption="What it is"):
    columns = (Column(heads[0], width=0.5), *(Column(head, number=True) for head in heads[1:]))
    return Grid(caption, columns, tuple(rows))


def plain(text):
    """What a reader should see of a text in one line."""
    return re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", " ".join(text.split()))


class Rendered(HTMLParser):
    """The cells of a rendered table, and every tag."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.rows, self.within, self.before = set(), [], False, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.within = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.within = False

    def handle_data(self, data):
        if self.within:
            self.rows[-1][-1] += data
        elif not self.rows:
            self.before += data


def read_markdown(text):
    reader = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return Rendered(reader.render(text))


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_markdown_shows_a_text_as_it_is(number):
    text = HOSTILE[number]
    read = read_markdown(markdown([grid((text, "1"), ("next", text))]))
    assert read.rows == [["label", "value"], [plain(text), "1"], ["next", plain(text)]]
    assert read.tags <= {"p", "table", "thead", "tbody", "tr", "th", "td"}


def test_markdown_escapes_heads_and_caption():
    read = read_markdown(
        markdown([grid(("a", 1), heads=("a|b", "<i>"), caption="<b>x</b> | *y*")])
    )
    assert read.rows == [["a|b", "<i>"], ["a", "1"]]
    assert read.before.strip() == "<b>x</b> | *y*"
    assert "b" not in read.tags


def test_markdown_says_what_the_table_is_and_sets_numbers_to_the_right():
    assert markdown([grid(("a", 1.5)), grid(("b", None))]) == (
        "What it is\n\n| label | value |\n| --- | ---: |\n| a | 1.5 |\n\n"
        "What it is\n\n| label | value |\n| --- | ---: |\n| b |  |\n"
    )


COMMANDS = {
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textbackslash": "\\",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciigrave": "`",
}
SPECIAL = "&%$#_{}~^\\"


def unescaped(cell):
    """The text that TeX would set; fails where a special character stands bare."""
    for command, character in COMMANDS.items():
        cell = cell.replace(f"\\{command}{{}}", f"\0{ord(character)}\0")
    cell = re.sub(r"\{([\[\]*])\}", r"\1", cell)
    cell = re.sub(r"\$-\$", "\u2212", cell.replace(r"$\infty$", "\u221e"))
    cell = re.sub(r"\\([&%$#_{}])", lambda found: f"\0{ord(found[1])}\0", cell)
    assert not set(SPECIAL) & set(cell), cell
    return re.sub(r"\0(\d+)\0", lambda found: chr(int(found[1])), cell)


def read_latex(text):
    """Rows between the rules, cells as TeX would set them."""
    body = text.split("\\toprule\n")[1].split("\\bottomrule")[0]
    lines = [line.strip() for line in body.splitlines()]
    lines = [line for line in lines if line not in ("", "\\midrule")]
    assert all(line.endswith(" \\\\") for line in lines)
    rows = [re.split(r"(?<!\\)&", line.removesuffix(" \\\\")) for line in lines]
    return [[unescaped(cell.strip()) for cell in row] for row in rows]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_latex_sets_a_text_as_it_is(number):
    text = HOSTILE[number]
    written = latex([grid((text, "1"), ("next", text))])
    assert read_latex(written) == [["label", "value"], [plain(text), "1"], ["next", plain(text)]]
    for line in written.splitlines():
        assert not line.strip().startswith(("[", "*"))  # an argument of the row before


def test_latex_holds_a_hostile_caption_in_its_comment_and_its_caption():
    caption = "50 % of\n\\input{secret} #1\r\\end{table}\u2028x"
    written = latex([grid(("a", 1), caption=caption)])
    lines = written.splitlines()
    assert lines[2] == "% 50 % of \\input{secret} #1 \\end{table} x"
    (said,) = [line for line in lines if line.startswith("  \\caption{")]
    assert unescaped(said.removeprefix("  \\caption{")[:-1]) == plain(caption)
    assert sum(line.startswith("\\end{table}") for line in lines) == 1


def test_latex_is_a_whole_table_with_booktabs_rules():
    assert latex([grid(("a", 1.5), heads=("label", "%"))]).splitlines() == [
        "% Needs \\usepackage{booktabs}, and with pdfLaTeX letters of European languages only.",
        "",
        "% What it is",
        "\\begin{table}",
        "  \\centering\\footnotesize\\setlength{\\tabcolsep}{3pt}",
        "  \\caption{What it is}",
        "  \\begin{tabular}{p{0.5\\linewidth}r}",
        "    \\toprule",
        "    label & \\% \\\\",
        "    \\midrule",
        "    a & 1.5 \\\\",
        "    \\bottomrule",
        "  \\end{tabular}",
        "\\end{table}",
    ]


def read_csv(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_csv_gives_a_text_back(number):
    text = HOSTILE[number]
    head, first, _ = read_csv(comma_separated([grid((text, 1), ("next", 2))]))
    assert head == ["label", "value"]
    expected = f"'{text}" if text.startswith("-") else text.replace("\r\n", "\n")
    assert first == [expected, "1"]


@pytest.mark.parametrize("number", range(len(FORMULAS)))
def test_csv_holds_no_formula(number):
    formula = FORMULAS[number]
    rows = read_csv(comma_separated([grid((formula, 1), heads=(formula, "value"))]))
    assert [row[0] for row in rows] == [f"'{formula}".replace("\r", "\n")] * 2


def test_numbers_in_csv_are_left_alone_and_whole():
    values = [-0.1, 1e-300, 0.1 + 0.2, -5, 2**60]
    read = read_csv(comma_separated([grid(*(("a", value) for value in values))]))
    assert [float(cell) for _, cell in read[1:]] == [float(value) for value in values]
    labels = ["-0.5", "+1e-3", "-1"]
    read = read_csv(comma_separated([grid(*((label, None) for label in labels))]))
    assert read[1:] == [[label, ""] for label in labels]


def test_csv_of_several_has_one_head():
    assert comma_separated([grid(("a", 1)), grid(("b", 2))]) == "label,value\na,1\nb,2\n"
    assert comma_separated([]) == ""
