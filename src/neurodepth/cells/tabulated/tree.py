"""The tree of a cell as a matrix: nodes, their parents and the conductances between them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

_Key = tuple[str, int | str]


@dataclass(frozen=True)
class Tree:
    """Nodes sorted by their distance from the root: one a segment, and one where branches meet.

    Attributes:
        parent: Node towards the root, shape (nodes,); 0 for the root itself.
        axial_us: Conductance to the parent, shape (nodes,); 0 for the root.
        capacitance_nf: Shape (nodes,).
        node_of: Node of a segment, by name of section and number of segment.
    """

    parent: np.ndarray
    axial_us: np.ndarray
    capacitance_nf: np.ndarray
    node_of: dict[_Key, int]

    def node(self, segment: Any) -> int:
        """Node of a segment of NEURON."""
        return self.node_of[_key(segment)]

    def name(self, node: int) -> str:
        """Section and segment of a node, for messages."""
        section, number = next(key for key, found in self.node_of.items() if found == node)
        return f"{section.split('.')[-1]}, segment {number}"


def read_tree(sections: list[Any]) -> Tree:
    """Read the tree that NEURON has made of sections; the first is the root.

    NEURON puts a node without a membrane at the end of each section. Those from which nothing branches carry no
    current and are left out.
    """
    links: dict[_Key, tuple[_Key, float]] = {}
    for section in sections:
        parent = section.parentseg()
        previous = None if parent is None else _key(parent)
        for segment in section:
            if previous is not None:
                links[_key(segment)] = previous, 1 / segment.ri()
            previous = _key(segment)
        at = [child.parentseg().x for child in section.children()]
        if 1 in at:
            links[section.name(), "end"] = _key(section(1 - 0.5 / section.nseg)), 1 / section(1).ri()
        if parent is None and 0 in at:
            first = section(0.5 / section.nseg)
            links[section.name(), "start"] = _key(first), 1 / first.ri()
    children: dict[_Key, list[_Key]] = {}
    for key, (towards, _) in links.items():
        children.setdefault(towards, []).append(key)
    order: list[_Key] = [(sections[0].name(), 0)]
    for key in order:  # grows while it is read: breadth first
        order.extend(children.get(key, []))
    node_of = {key: node for node, key in enumerate(order)}
    capacitance_nf = np.zeros(len(order))
    for section in sections:
        for segment in section:
            capacitance_nf[node_of[_key(segment)]] = segment.cm * segment.area() * 1e-5  # uF/cm2 um2 in nF
    return Tree(
        np.array([0, *(node_of[links[key][0]] for key in order[1:])], dtype=np.int64),
        np.array([0, *(links[key][1] for key in order[1:])]),
        capacitance_nf,
        node_of,
    )


def _key(segment: Any) -> _Key:
    section, x = segment.sec, segment.x
    if x == 0:
        return _key(section.parentseg()) if section.parentseg() else (section.name(), "start")
    return (section.name(), "end") if x == 1 else (section.name(), int(x * section.nseg))
