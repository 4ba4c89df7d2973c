"""What a browser gives to screen readers: its accessibility tree, and what is announced by itself.

That is what all of them are given. What each makes of it, in which words and how fast, is its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_ANNOUNCED: Final = """addEventListener("DOMContentLoaded", () => {
    const live = "[role=status], [role=alert], [aria-live]";
    let before = new Map();
    new MutationObserver(() => {
        for (const region of document.querySelectorAll(live)) {
            const text = region.hidden ? "" : region.textContent.trim();
            if (text && text !== before.get(region)) { announced(text); }
            before.set(region, text);
        }
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
});"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """One thing in the tree, which is no other that says the same. `within` are those around it, the nearest first."""

    role: str
    name: str
    description: str
    value: str
    states: Mapping[str, Any]
    within: tuple["Node", ...]

    @property
    def is_announced(self) -> bool:
        """Whether a change of it is told by itself."""
        return any(each.states.get("live", "off") != "off" for each in (self, *self.within))


def heard(page: Any) -> list[Node]:
    """All of the page, in the order in which it is read."""
    session = page.context.new_cdp_session(page)
    found = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    nodes = {each["nodeId"]: each for each in found}
    return list(_below(nodes, found[0]["nodeId"], ()))


def _below(nodes: Mapping[str, Any], node_id: str, within: tuple[Node, ...]) -> Iterator[Node]:
    raw = nodes[node_id]
    if not raw.get("ignored"):

        def text(field: str) -> str:
            return str(raw.get(field, {}).get("value", ""))

        states = {each["name"]: each["value"].get("value") for each in raw.get("properties", ())}
        node = Node(
            role=text("role"),
            name=text("name"),
            description=text("description"),
            value=text("value"),
            states=states,
            within=within,
        )
        yield node
        within = (node, *within)
    for child in raw.get("childIds", ()):
        if child in nodes:
            yield from _below(nodes, child, within)


def announcements(page: Any) -> list[str]:
    """A list that grows with what pages announce from now on, once they are loaded."""
    told = list[str]()
    # Playwright puts a mark on what it is given, which the list's own method does not take.
    page.expose_function("announced", lambda text: told.append(text))  # noqa: PLW0108
    page.add_init_script(_ANNOUNCED)
    return told
