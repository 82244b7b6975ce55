"""A real browser, where one is installed: what it makes of pages at some width."""

import html
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
needs_browser = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")

_TIMEOUT_S = 120
_HEIGHT = 900
# the frames' own pages run nothing; this script stands outside of them and measures what they became
_MEASURE = """
addEventListener("load", () => {
  const seen = [...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument, width = frame.clientWidth;
    const box = (element) => element.getBoundingClientRect();
    const shown = [...page.body.querySelectorAll("*")].filter((element) => !element.closest(".scroll > *"));
    const outside = shown.filter((element) => box(element).right > width + 1 || box(element).left < -1);
    const plots = [...page.querySelectorAll("svg.plot")];
    const meets = (one, other) => one.left < other.right && other.left < one.right
      && one.top < other.bottom && other.top < one.bottom;
    const labels = plots.flatMap((plot) => {
      const texts = [...plot.querySelectorAll("text")];
      return texts.flatMap((one, place) => texts.slice(place + 1)
        .filter((other) => meets(box(one), box(other)))
        .map((other) => `${one.textContent} / ${other.textContent}`));
    });
    return {
      name: frame.name,
      heading: page.querySelector("h1").textContent,
      width: page.documentElement.scrollWidth,
      outside: outside.map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}`),
      figures: plots.filter((plot) => box(plot).width > 100 && box(plot).height > 50)
        .map((plot) => plot.querySelector("title").textContent),
      collisions: labels,
      asked: frame.contentWindow.performance.getEntriesByType("resource").map((entry) => entry.name),
    };
  });
  document.body.replaceChildren(Object.assign(document.createElement("pre"), {
    textContent: JSON.stringify(seen),
  }));
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page as a browser shows it.

    Attributes:
        heading: the text of its first heading.
        width: in pixels, with whatever stands over its edge.
        outside: elements that stand over an edge, but for those in a box of their own that scrolls.
        figures: titles of the figures that take room.
        collisions: labels in a figure that lie on each other.
        asked: addresses that it asked for, be it in vain.
    """

    heading: str
    width: int
    outside: tuple[str, ...]
    figures: tuple[str, ...]
    collisions: tuple[str, ...]
    asked: tuple[str, ...]


def shown(pages: Mapping[str, str], *, width: int, folder: Path) -> dict[str, Shown]:
    """What a browser makes of each page, all in one start of it.

    Args:
        pages: HTML by name.
        width: of the window that each has for itself, in pixels.
        folder: for the browser's own files.
    """
    frames = "".join(
        f'<iframe name="{html.escape(name)}" srcdoc="{html.escape(page)}" '
        f'style="border:0;width:{width}px;height:{_HEIGHT}px"></iframe>'
        for name, page in pages.items()
    )
    outer = folder / "frames.html"
    outer.write_text(
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><script>{_MEASURE}</script></head>'
        f"<body>{frames}</body></html>"
    )
    found = html.unescape(dom(outer, folder=folder).partition("<pre>")[2].partition("</pre>")[0])
    return {
        facts.pop("name"): Shown(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
        )
        for facts in json.loads(found)
    }


def dom(page: Path, *, folder: Path) -> str:
    """The document of a page after the browser has loaded it, as HTML; its console must stay empty."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"]
    options.append(f"--user-data-dir={folder / 'profile'}")
    ran = subprocess.run(
        [str(CHROMIUM), *options, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=True,
    )
    complaints = [line for line in ran.stderr.splitlines() if ":CONSOLE:" in line]
    assert not complaints, "\n".join(complaints)
    return ran.stdout
