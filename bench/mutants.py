"""What one small change of a source file can be: mutmut's operators, and three for what a verifier must not lose.

Needs mutmut 3 (its operators, on libcst): literals, comparisons, arithmetic, arguments, assignments, keywords. Added
here: a condition is turned round; a statement that only calls a check is left out; a refusal is left out.

Not changed, by rule: docstrings; annotations and what makes types (NewType, TypeVar, assert_never), which only the type
checker reads; imports; and the texts that an exception is raised with (every string or f-string directly in
`raise X(...)`, and whether it is given), since codes decide and messages are for people. No branch is excepted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper
from mutmut.mutation.mutators import mutation_operators

_TEXTS = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)
_OPERATORS = (cst.BaseCompOp, cst.BaseBinaryOp, cst.BaseBooleanOp, cst.BaseUnaryOp, cst.BaseAugOp)
_OF_TYPES = ("assert_never", "TypeVar", "NewType")
_FUNCTION = 0x1
"""CO_OPTIMIZED: the code of a function, not of a module or class body."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed source. `in_function`: it lies within a function's body, so that the code can be exchanged."""

    path: str
    line: int
    last_line: int
    scope: str
    in_function: bool
    before: str
    after: str
    source: str

    def key(self) -> str:
        """The same as long as this place of the file reads the same."""
        return f"{self.path}|{self.scope}|{self.before}|{self.after}"


def mutants_of(path: Path, root: Path) -> list[Mutant]:
    """Every mutant of a file that compiles to something else than the file itself, in the order of its lines."""
    text = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(text))
    finder = _Finder(wrapper.module, str(path.relative_to(root)), text)
    wrapper.visit(finder)
    original = constants_of(compile(text, "x", "exec"))
    made = {}
    for mutant in finder.found:
        try:
            changed = compile(mutant.source, "x", "exec")
        except SyntaxError:
            continue
        if constants_of(changed) != original:
            made.setdefault(mutant.source, mutant)
    return sorted(made.values(), key=lambda mutant: mutant.line)


def functions_of(code: CodeType) -> Iterator[CodeType]:
    """The code of every function within a module, the nested ones too."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & _FUNCTION:
                yield constant
            yield from functions_of(constant)


def constants_of(code: CodeType) -> object:
    """What the code does, without its line numbers, and with 1 told from True."""
    constants = [constants_of(c) if isinstance(c, CodeType) else (type(c), repr(c)) for c in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants


class _Finder(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (ByteSpanPositionProvider,)

    def __init__(self, module: cst.Module, path: str, text: str) -> None:
        super().__init__()
        self.module, self.path, self.text = module, path, text.encode()
        self.lines = text.splitlines()
        self.found: list[Mutant] = []
        self.scopes: list[str] = []
        self.function_bodies = set(_function_bodies(module))
        self.depth = 0
        self.raised: set[cst.CSTNode] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom) or (node in self.raised and _is_text(node)):
            return False
        if isinstance(node, cst.Expr) and _is_text(node.value):
            return False
        if _makes_a_type(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self.scopes.append(node.name.value)
        self.depth += node in self.function_bodies
        if isinstance(node, cst.Raise) and isinstance(node.exc, cst.Call):
            self.raised |= {node.exc, *(arg.value for arg in node.exc.args)}
        for place, after in self._changed(node):
            self._record(place, after)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self.scopes.pop()
        self.depth -= original_node in self.function_bodies

    def _changed(self, node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode | str]]:
        for kind, operator in mutation_operators:
            is_message = node in self.raised and operator.__name__ == "operator_arg_removal"
            if isinstance(node, kind) and not is_message:
                for after in operator(node):
                    yield node, after
        if isinstance(node, cst.If):
            yield node.test, "not "
        if isinstance(node, cst.Raise) or (isinstance(node, cst.Expr) and isinstance(node.value, cst.Call)):
            yield node, cst.Pass()

    def _record(self, node: cst.CSTNode, after: cst.CSTNode | str) -> None:
        span = self.get_metadata(ByteSpanPositionProvider, node)
        begin, end = span.start, span.start + span.length
        if isinstance(after, str):
            new = f"{after}({self.text[begin:end].decode()})"
        elif isinstance(node, cst.Match):
            # Cases are indented: the only change that is not made within a line or a bracket.
            begin, end = 0, len(self.text)
            changed = self.module.deep_replace(node, after)
            assert isinstance(changed, cst.Module)
            new = changed.code
        else:
            if getattr(after, "lpar", ()) and getattr(after, "lpar", ()) is getattr(node, "lpar", ()):
                after = after.with_changes(lpar=(), rpar=())  # the brackets lie outside of the span
            new = self.module.code_for_node(after)
            new = new.strip() if isinstance(node, _OPERATORS) else new
        source = (self.text[:begin] + new.encode() + self.text[end:]).decode()
        first, last, before, now = _difference(self.lines, source.splitlines())
        self.found.append(Mutant(self.path, first, last, ".".join(self.scopes), self.depth > 0, before, now, source))


def _is_text(node: cst.CSTNode) -> bool:
    return isinstance(node, _TEXTS)


def _makes_a_type(node: cst.CSTNode) -> bool:
    value = node.value if isinstance(node, cst.Assign) else node
    return isinstance(value, cst.Call) and isinstance(value.func, cst.Name) and value.func.value in _OF_TYPES


def _function_bodies(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.FunctionDef):
        yield node.body
    for child in node.children:
        yield from _function_bodies(child)


def _difference(old: list[str], new: list[str]) -> tuple[int, int, str, str]:
    """The first and the last changed line, and the changed lines of both."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    return start + 1, max(start + 1, len(old) - end), *(" ".join(x.strip() for x in part) for part in (before, after))
