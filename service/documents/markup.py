"""Markup: XML from outside, parsed without trusting it, as a small tree that knows its places and what was read of it.

No DOCTYPE, no entities, no network, no comments, no processing instructions; size, number and depth of elements are
bounded before anything is built (OWASP XML External Entity Prevention).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import cast

from lxml import etree

from service.documents.rejection import DocumentRejected, Limits
from service.documents.value import plain_text

__all__ = ["Node", "parse"]


class Node:
    """An element: local name, attributes, own text, children. `path` counts like XPath; `repr` shows that alone."""

    __slots__ = ("attributes", "children", "line", "name", "path", "read", "seen", "value")

    def __init__(self, name: str, path: str, line: int, value: str, attributes: Mapping[str, str]) -> None:
        self.seen: set[str] = set()
        self.name = name
        self.path = path
        self.line = line
        self.value = value
        self.attributes = attributes
        self.children: list[Node] = []
        self.read = False

    def __repr__(self) -> str:
        return f"<Node {self.path}>"

    @property
    def place(self) -> str:
        """Where this element stands, for people: its path and its line."""
        return f"{self.path} (line {self.line})"

    def all(self, *names: str) -> list[Node]:
        """Every element reached by these steps, in the order of the document."""
        found = [self]
        for name in names:
            found = [child for node in found for child in node.children if child.name == name]
        return found

    def first(self, *names: str) -> Node | None:
        """The first element reached by these steps."""
        return next(iter(self.all(*names)), None)

    def text(self, *names: str) -> str:
        """The text of the first element reached by these steps, which is read then; `""` if there is none."""
        node = self.first(*names)
        if node is None:
            return ""
        node.read = True
        return node.value

    def attribute(self, name: str) -> str:
        """The value of an attribute, which is read then; `""` if there is none."""
        self.seen.add(name)
        return self.attributes.get(name, "")

    def place_of(self, *names: str) -> str:
        """The place of the first element reached by these steps, or this one's if there is none."""
        node = self.first(*names)
        return (node or self).place

    def leaves(self) -> Iterator[Node]:
        """This element and all below it that have text of their own."""
        if self.value:
            yield self
        for child in self.children:
            yield from child.leaves()

    def everything(self) -> Iterator[Node]:
        """This element and all below it."""
        yield self
        for child in self.children:
            yield from child.everything()

    def skip(self, *names: str) -> None:
        """Count all text and attributes below as read, or all below the elements reached by these steps."""
        for node in self.all(*names):
            for each in node.everything():
                each.read = True
                each.seen.update(each.attributes)

    def words(self, skip: frozenset[str] = frozenset()) -> str:
        """All text below that was not read yet, each value once, without the elements in `skip`. It is read then."""
        found: dict[str, None] = {}
        for child in self.children or [self]:
            if child.name not in skip:
                for leaf in child.leaves():
                    if not leaf.read:
                        found[leaf.value] = None
                    leaf.read = True
        return " ".join(found)

    def unread(self, above: str = "", *, but: frozenset[str] = frozenset()) -> Iterator[str]:
        """Paths, without counts, of the text and the attributes below that nobody read; no attributes of `but`."""
        path = f"{above}/{self.name}" if above else self.name
        if self.value and not self.read:
            yield path
        for attribute in self.attributes:
            if attribute not in self.seen and attribute not in but:
                yield f"{path}/@{attribute}"
        for child in self.children:
            yield from child.unread(path, but=but)


def parse(document: object, limits: Limits, family: str = "") -> Node:
    """Parse an XML document, given as text. Raises DocumentRejected, with the line, for all but plain elements.

    `family`: what the namespaces of its vocabulary begin with, where there is more than the one of its root.
    """
    if not isinstance(document, str):
        raise DocumentRejected("document", "it is not text", "send the XML document as one JSON string")
    try:
        data = document.encode()
    except UnicodeEncodeError:
        raise DocumentRejected("document", "there is a lone surrogate in it") from None
    if len(data) > limits.size:
        raise DocumentRejected("document", f"it is larger than {limits.size} bytes")
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        line = document[: max(document.find("<!DOCTYPE"), 0)].count("\n") + 1
        raise DocumentRejected(f"line {line}", "it declares a document type", "remove the DOCTYPE and its entities")
    if document.count("<") > 2 * limits.nodes:
        raise DocumentRejected("document", f"there are more than {limits.nodes} elements in it")
    # Built for each document: a parser keeps the errors of the last one, and those quote it.
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise DocumentRejected(
            f"line {line}, column {column}",
            "it is not well-formed XML",
            "send the whole reply, as it was received",
        ) from None
    root = _unwrapped(root)
    name = etree.QName(root)
    family = family if family and (name.namespace or "").startswith(family) else ""
    return _node(root, (name.namespace, family), name.localname, 1, limits)


def _unwrapped(root: etree._Element) -> etree._Element:
    """Take the message out of a SOAP 1.1 or 1.2 envelope, if it comes in one."""
    if etree.QName(root).localname != "Envelope":
        return root
    bodies = [child for child in root if etree.QName(child).localname == "Body"]
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise DocumentRejected("Envelope/Body", "a SOAP envelope holds exactly one message in its body")
    return bodies[0][0]


def _node(element: etree._Element, vocabulary: tuple[str | None, str], path: str, depth: int, limits: Limits) -> Node:
    line = cast("int | None", element.sourceline) or 0
    name = etree.QName(element)
    if depth > limits.depth:
        raise DocumentRejected(f"line {line}", f"elements are nested more than {limits.depth} deep")
    own = "".join([element.text or "", *(child.tail or "" for child in element)])
    # An element of another vocabulary may be called anything; it must not pass for one of ours.
    namespace, family = vocabulary
    ours = name.namespace == namespace or (family != "" and (name.namespace or "").startswith(family))
    local = name.localname if ours else f"other:{name.localname}"
    attributes = {etree.QName(key).localname: plain_text(f"line {line}", str(found)) for key, found in element.items()}
    node = Node(local, path, line, plain_text(f"line {line}", own), attributes)
    names = [etree.QName(child).localname for child in element]
    often, seen = Counter(names), Counter[str]()
    for child, child_name in zip(element, names, strict=True):
        seen[child_name] += 1
        count = f"[{seen[child_name]}]" if often[child_name] > 1 else ""
        node.children.append(_node(child, vocabulary, f"{path}/{child_name}{count}", depth + 1, limits))
    return node
