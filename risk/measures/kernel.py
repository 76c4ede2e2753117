"""Compiled inner loops.

An entry point carries :func:`kernel` with its exact types; helpers that only other kernels
call carry numba's ``njit(cache=True)``. Entry points and their helpers share a file,
because the cache on disk notices changes of that file only.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar, cast

from numba import njit

#: Types that entry points declare; read-only, so that frozen arrays are welcome.
VECTOR = "Array(float64, 1, 'C', readonly=True)"
MATRIX = "Array(float64, 2, 'A', readonly=True)"
ROWS = "Array(float64, 2, 'C', readonly=True)"
INTEGERS = "Array(int64, 1, 'C', readonly=True)"
INTEGER_ROWS = "Array(int64, 2, 'C', readonly=True)"
FLAGS = "Array(bool, 1, 'C', readonly=True)"

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

#: Every entry point, for warming.
KERNELS: "list[Kernel[Any, Any]]" = []


class Kernel(Generic[_Arguments, _Result]):
    """A function compiled at its first call, for one set of types and never another.

    Declared types turn a wrong array into a TypeError; without them numba would spend
    seconds on compiling another version in the middle of a live cycle. Waiting for the
    first call spares programs that measure nothing the start of the compiler.

    Parameters
    ----------
    function : callable
    arguments : tuple of str
        Its arguments' types in numba's notation.
    """

    def __init__(self, function: Callable[_Arguments, _Result], arguments: tuple[str, ...]) -> None:
        self.function = function
        self.arguments = arguments

    @cached_property
    def compiled(self) -> Callable[_Arguments, _Result]:
        """The machine code, from the cache on disk where it is there already."""
        signature = f"({', '.join(self.arguments)},)"
        compiled = njit(signature, cache=True, nogil=True)(self.function)
        return cast(Callable[_Arguments, _Result], compiled)

    def __call__(self, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        """Run it."""
        return self.compiled(*args, **kwargs)


def kernel(
    *arguments: str,
) -> Callable[[Callable[_Arguments, _Result]], Kernel[_Arguments, _Result]]:
    """Make a function a kernel whose arguments have the given types."""

    def decorate(function: Callable[_Arguments, _Result]) -> Kernel[_Arguments, _Result]:
        entry = Kernel(function, arguments)
        KERNELS.append(entry)
        return entry

    return decorate
