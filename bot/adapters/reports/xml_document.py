"""XML that cannot hurt: no entities, no inner DTD, nothing fetched, bounded in bytes, depth and elements.

defusedxml refuses entity declarations (billion laughs, quadratic blow-up, external files). JaCoCo and Cobertura
always name a DTD, which is allowed and never loaded; declarations inside the document are refused.
The bounds are kept while the parser runs, before a tree of that size exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.etree.ElementTree import ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from bot.adapters.reports.refused import check_size, refuse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_DEPTH = 64
MAX_ELEMENTS = 500_000
_OTHER_DOCUMENTS = "open it in an editor, or let the tool write it again"


class _TooMuch(ValueError):
    """A bound was crossed; the text says which."""


class _Bounded(TreeBuilder):
    """Builds the tree and counts on the way. Names lose their namespace: reports are told apart by their root."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Opens an element, within the bounds."""
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise _TooMuch(f"is nested deeper than {MAX_DEPTH} elements")
        if self._elements > MAX_ELEMENTS:
            raise _TooMuch(f"has more than {MAX_ELEMENTS} elements")
        return super().start(local(tag), attrs)

    def end(self, tag: str, /) -> Element:
        """Closes an element."""
        self._depth -= 1
        return super().end(local(tag))


class _RootOnly(_Bounded):
    """Stops at the first element."""

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Raises _Root with the element, without what is in it."""
        raise _Root(super().start(tag, attrs))


class _Root(Exception):
    """Not an error: the root element, found."""

    def __init__(self, element: Element) -> None:
        super().__init__()
        self.element = element


class _Parser(DefusedXMLParser):
    """Refuses declarations inside the document; a DTD that is only named is passed over."""

    def defused_start_doctype_decl(
        self, name: str, sysid: str | None, pubid: str | None, has_internal_subset: bool
    ) -> None:
        """Called by expat at `<!DOCTYPE`."""
        if has_internal_subset:
            raise DTDForbidden(name, sysid, pubid)


def load_xml(data: bytes, *, name: str) -> Element:
    """The root element of a document. Raises ReportRefused naming the file and, for broken XML, the line."""
    return _parse(data, _Bounded(), name)


def root_of(data: bytes, *, name: str) -> Element:
    """The root element without what is in it, to tell formats apart. Raises ReportRefused like `load_xml`."""
    try:
        return _parse(data, _RootOnly(), name)
    except _Root as found:
        return found.element


def _parse(data: bytes, target: _Bounded, name: str) -> Element:
    check_size(data, name=name)
    parser = _Parser(target=target, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DTDForbidden:
        refuse(name, "declares its own document type; a report needs none, and declarations can hide attacks")
    except DefusedXmlException:
        refuse(name, "declares XML entities; a report needs none, and entities can hide attacks")
    except _TooMuch as trouble:
        refuse(name, f"{trouble}; upload a smaller report")
    except ParseError as error:
        line, column = error.position
        refuse(name, f"is not well-formed XML at line {line}, column {column + 1}; {_OTHER_DOCUMENTS}")
    except (LookupError, ValueError):  # an encoding that Python or expat does not know
        refuse(name, "is written in an encoding that XML readers do not know; write it as UTF-8")
    return root


def local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def whole(element: Element, attribute: str, *, name: str) -> int | None:
    """A counting attribute: a whole number of at least 0; None when it is missing or empty."""
    text = (element.get(attribute) or "").strip()
    if not text:
        return None
    digits = text.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        not_a_count(element, attribute, name=name)
    return int(digits)


def not_a_count(element: Element, attribute: str, *, name: str) -> NoReturn:
    """Refuses an attribute that should hold a count."""
    refuse(name, f'has an element <{local(element.tag)}> whose "{attribute}" is not a whole number')
