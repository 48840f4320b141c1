"""x as another type: towards zero from real to whole, anything but 0 is true."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from onnx import helper

from volvelle.compiler.ctypes import C_NAMES
from volvelle.compiler.ir import Graph, Node
from volvelle.errors import ModelError

OP = "Cast"
DOMAIN = ""
ELEMENTWISE = True


def evaluate(node: Node, x: NDArray[Any]) -> NDArray[Any]:
    """NumPy's own."""
    wanted = helper.tensor_dtype_to_np_dtype(node.attributes["to"])
    if wanted not in C_NAMES:
        raise ModelError(
            f"a cast to {wanted} is not supported", next_move=f"those that are: {', '.join(map(str, C_NAMES))}"
        )
    return x.astype(wanted)


def express(node: Node, kinds: tuple[str, ...], x: str) -> str:
    """Real numbers beyond a whole type are held at its ends: C does not say what else would come out."""
    to = kinds[-1]
    if to == "bool":
        return f"{x} != 0"
    if kinds[0] in ("float", "double") and to not in ("float", "double"):
        return f"vv_to_{to.removesuffix('_t')}{'f' if kinds[0] == 'float' else ''}({x})"
    return f"({to}){x}"


def bounds(node: Node, x: tuple[int, int] | None) -> tuple[int, int] | None:
    """Unchanged; of a real number nothing is known."""
    return x


def idle(node: Node, graph: Graph) -> bool:
    """Whether it is of that type already."""
    return graph.tensors[node.inputs[0]].dtype == graph.tensors[node.outputs[0]].dtype
