"""The public interface of `liangzheng_wallet` as Markdown: signatures as they stand in the source, docstrings in form.

Read from the syntax tree, so that the page says what the author wrote and is the same under every Python.
"""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final

MODULES: Final = ("wallet_sdk", "wallet_sdk.openid4vci", "wallet_sdk.key_stores", "wallet_sdk.testing")
"""Whose `__all__` is the interface (docs/wallet-sdk.md, "Versions")."""
_SECTION: Final = re.compile(r"(Args|Attributes|Raises|Returns|Yields):\s*(.*)")
_ENTRY: Final = re.compile(r"([\w*, ]+): (.*)")
_SHOWN: Final = frozenset({"__init__", "__call__", "__iter__", "__aiter__", "__enter__"})


def page() -> str:
    """The whole page."""
    parts = ["# Python reference", "Written from the sources by `python -m liangzheng.reference`; do not edit it."]
    for name in MODULES:
        module = importlib.import_module(name)
        parts.append(f"## `{_public(name)}`")
        parts += [_described(each, getattr(module, each)) for each in module.__all__]
    return "\n\n".join(parts) + "\n"


def _public(name: str) -> str:
    return name.replace("wallet_sdk", "liangzheng_wallet")


def _described(name: str, what: Any) -> str:
    if not (inspect.isclass(what) or inspect.isfunction(what)):
        return f"### {name}\n\n`{name}`"
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(what))).body
    match tree:
        case ast.ClassDef():
            return "\n\n".join(_class(name, tree))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return f"### {name}\n\n```python\n{_signature(tree)}\n```\n\n{docstring(ast.get_docstring(tree))}".rstrip()
        case _:
            raise AssertionError("a class or a function has a definition")


def _class(name: str, tree: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in tree.bases)
    yield f"### {name}"
    yield f"```python\nclass {name}{f'({bases})' if bases else ''}\n```"
    if said := docstring(ast.get_docstring(tree)):
        yield said
    fields = [line for node in tree.body if (line := _field(node))]
    if fields:
        yield "\n".join(f"- `{line}`" for line in fields)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            not node.name.startswith("_") or node.name in _SHOWN
        ):
            yield f"#### {name}.{node.name}\n\n```python\n{_signature(node)}\n```"
            if said := docstring(ast.get_docstring(node)):
                yield said


def _field(node: ast.stmt) -> str:
    match node:
        case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
            return f"{name}: {ast.unparse(node.annotation)}"
        case ast.Assign(targets=[ast.Name(id=name)]) if not name.startswith("_"):
            return f"{name} = {ast.unparse(node.value)}"
        case _:
            return ""


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    decorators = "".join(
        f"@{ast.unparse(each)}\n" for each in node.decorator_list if ast.unparse(each) in ("property", "classmethod")
    )
    returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    return f"{decorators}{word} {node.name}({ast.unparse(node.args)}){returns}"


def docstring(text: str | None) -> str:
    """A docstring in Google's form as Markdown: paragraphs as they are, the entries of its sections as a list."""
    out: list[str] = []
    inside = False
    for line in (text or "").splitlines():
        if begun := _SECTION.fullmatch(line.strip()):
            inside = True
            out += ["", f"**{begun[1]}:** {begun[2]}".rstrip(), ""]
        elif inside and line.startswith("    ") and not line.startswith("     "):
            entry = _ENTRY.fullmatch(line.strip())
            out.append(f"- `{entry[1]}`: {entry[2]}" if entry else f"- {line.strip()}")
        elif inside and line.startswith("     "):
            out[-1] += f" {line.strip()}"
        else:
            inside = inside and not line.strip()
            out.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()
