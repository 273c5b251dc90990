"""The source of functions and classes, as far as it decides what they compute.

Sources are read as syntax trees: comments and layout are not in them, and docstrings and the
annotations of arguments are taken out.
"""

import ast
import copy
import linecache
import symtable
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from paribus.functions.compiled import is_changed

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
Chain = tuple[str, ...]
"""A global name, and the attributes that are asked of it: ("np", "linalg", "norm")."""

SOURCE_TEXT = "__paribus_source__"
"""Where a module keeps the source that it was made of, whatever becomes of its file.

Study files do, and what came from another process (`executors/travel.py`).
"""


_CHANGED = "its source was changed after it was imported: reload the module"


class NoSourceError(Exception):
    """Code whose source cannot be read, or is no longer that of the code."""


def function_node(function: FunctionType) -> Node:
    """The syntax of a function. Raises `NoSourceError`."""
    code = function.__code__
    text = _text(function.__globals__, code.co_filename)
    tree = _tree(text)
    if is_changed(code, text, function.__globals__):
        raise NoSourceError(_CHANGED)
    found = [node for node in _definitions(tree) if _is_node_of(node, code)]
    if len(found) > 1:  # lambdas of one line
        found = [node for node in found if _holds(node, code)]
    if len(found) != 1:
        raise NoSourceError("its source cannot be found where it was defined")
    return found[0]


def class_nodes(owner: type) -> list[Node]:
    """The syntax of a class: of every definition that bears its name. Raises `NoSourceError`."""
    path = [part for part in owner.__qualname__.split(".") if part != "<locals>"]
    text = _text(*_place_of(owner))
    nodes: list[ast.AST] = [_tree(text)]
    if any(is_changed(one.__code__, text, one.__globals__) for one in _methods(owner)):
        raise NoSourceError(_CHANGED)
    for name in path:
        nodes = [one for node in nodes for one in _definitions(node) if _named(one) == name]
    found = [node for node in nodes if isinstance(node, ast.ClassDef)]
    if not found:
        raise NoSourceError("its source cannot be found where it was defined")
    return [*found]


def module_tree(names: Mapping[str, Any], filename: str) -> ast.Module:
    """The syntax of a whole module, given its names if it was run. Raises `NoSourceError`."""
    return _tree(_text(names, filename))


def stripped(node: Node) -> Node:
    """A copy without docstrings and without annotations of arguments and results."""
    return _Stripping().visit(copy.deepcopy(node))


def references(node: Node) -> list[Chain]:
    """What the code refers to by global name, sorted; names of builtins are among them."""
    names = set(_global_names(symtable.symtable(ast.unparse(node), "source", "exec")))
    chains = _Chains()
    chains.visit(node)
    return sorted({chain for chain in chains.found if chain[0] in names})


def imports(node: ast.AST) -> list[str]:
    """Modules that the code imports itself, with leading dots where it asks for them so.

    What it imports from a package may be a module in it, or a name of it: both are given.
    """
    found: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Import):
            found.update(alias.name for alias in one.names)
        if isinstance(one, ast.ImportFrom):
            package = "." * one.level + (one.module or "")
            inner = "" if package.endswith(".") else "."
            found |= {package, *(f"{package}{inner}{alias.name}" for alias in one.names)}
    return sorted(found)


def _text(names: Mapping[str, Any], filename: str) -> str:
    kept = names.get(SOURCE_TEXT)
    if kept is not None:
        return kept
    linecache.checkcache(filename)
    text = "".join(linecache.getlines(filename, dict(names)))
    if not text:
        raise NoSourceError("its source cannot be read")
    return text


@lru_cache(maxsize=32)
def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise NoSourceError(f"its source cannot be read: {error}") from None


def _methods(owner: type) -> Iterator[FunctionType]:
    """The functions that a class was defined with; Equinox keeps them in wrappers."""
    for member in tuple(vars(owner).values()):  # to ask some of them for a name adds others
        for name in ("__func__", "fget", "method", "__wrapped__"):
            member = getattr(member, name, member)
        if isinstance(member, FunctionType) and member.__module__ == owner.__module__:
            yield member


def _place_of(owner: type) -> tuple[Mapping[str, Any], str]:
    """The names of a class's module, and its file; in a notebook each cell is one."""
    names = vars(sys.modules.get(owner.__module__, object))
    for member in vars(owner).values():
        # A dataclass has functions that say they are of its module, and are of Python's.
        if isinstance(member, FunctionType) and member.__globals__ is names:
            filename = member.__code__.co_filename
            if not filename.startswith("<") or linecache.getlines(filename):
                return names, filename
    return names, names.get("__file__") or ""


def _definitions(tree: ast.AST) -> Iterator[Node]:
    for node in ast.walk(tree):
        if node is not tree and isinstance(node, Node):
            yield node


def _named(node: Node) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _is_node_of(node: Node, code: CodeType) -> bool:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return first == code.co_firstlineno and _named(node) == code.co_name


def _holds(node: Node, code: CodeType) -> bool:
    """Whether the code's instructions come from this lambda, and none in it."""
    body = node.body
    assert isinstance(body, ast.expr)
    places = [place for place in code.co_positions() if place[2] is not None and place[3]]
    ends = (min(place[2] or 0 for place in places), max(place[3] or 0 for place in places))
    last = max(place[1] or 0 for place in places)
    return (body.col_offset, body.end_col_offset) == ends and body.end_lineno == last


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or top):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _global_names(child)


class _Chains(ast.NodeVisitor):
    """Collects names with the attributes that follow them."""

    def __init__(self) -> None:
        self.found: set[Chain] = set()

    def visit_Name(self, node: ast.Name) -> None:
        self.found.add((node.id,))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        attributes, base = [], node
        while isinstance(base, ast.Attribute):
            attributes.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name):
            self.found.add((base.id, *reversed(attributes)))
        else:
            self.generic_visit(node)


class _Stripping(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._bare(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._bare(node)

    def _bare(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        node.body = _without_docstring(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.body = _without_docstring(node.body)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        return body
    return body[1:] or [ast.Pass()] if isinstance(first.value.value, str) else body
