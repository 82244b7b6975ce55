"""What a drawing holds: its marks, their corners, its words."""

import re
from xml.etree import ElementTree

LEFT, RIGHT, TOP = 62.0, 706.0, 40.0
SQUARE_BOTTOM, MEDIUM_BOTTOM = 642.0, 232.0


def parsed(svg: str) -> ElementTree.Element:
    """The elements of a drawing."""
    return ElementTree.fromstring(svg)  # noqa: S314  # our own markup


def marked(svg: ElementTree.Element, mark: str) -> list[ElementTree.Element]:
    """The elements of one mark, in their order."""
    return [element for element in svg if element.get("class") == mark]


def path(svg: ElementTree.Element, mark: str) -> str:
    """The path of a mark that is there once."""
    (found,) = marked(svg, mark)
    return str(found.get("d"))


def corners(svg: ElementTree.Element, mark: str) -> list[tuple[float, float]]:
    """The corners of a straight line that is there once."""
    numbers = [float(text) for text in re.findall(r"-?[0-9.]+", path(svg, mark))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def words(svg: ElementTree.Element, mark: str) -> list[str | None]:
    """Texts of one mark, in their order."""
    return [element.text for element in marked(svg, mark)]


def told(svg: ElementTree.Element) -> str:
    """What those hear who do not see it."""
    title, description = svg[0], svg[1]
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    return str(description.text).replace("\N{NO-BREAK SPACE}", " ")
