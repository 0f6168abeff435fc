"""What is looked at in a page as it is laid out; each function returns the faults that it sees."""

from __future__ import annotations

from typing import Any

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST = ["color-contrast"]
"""The rules that depend on the colours."""

# Elements that are laid out, those in closed parts left out.
_SHOWN = "const shown = (e) => e.checkVisibility({ visibilityProperty: true });"

_FLAT = f"""() => {{
  {_SHOWN}
  return [...document.querySelectorAll("math, math *")].filter(shown).filter((e) => {{
    const box = e.getBoundingClientRect();
    const empty = !e.textContent.trim() && e.tagName !== "math";
    return !empty && !(box.width > 0 && box.height > 0);
  }}).map((e) => `no box: ${{e.outerHTML}}`);
}}"""

_FRACTIONS = f"""() => {{
  {_SHOWN}
  return [...document.querySelectorAll("mfrac")].filter(shown).filter((e) => {{
    const [above, below] = [...e.children].map((child) => child.getBoundingClientRect());
    return above.bottom > below.top + 1;
  }}).map((e) => `not set as a fraction: ${{e.outerHTML}}`);
}}"""

_LATEX = r"""() => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    if (node.parentElement.closest("script, style, pre, code")) continue;
    if (/\\[A-Za-z]{2,}|\$[^$]*\$|[_^]\{/.test(node.data)) found.push(`LaTeX: ${node.data.trim()}`);
  }
  return found;
}"""

_OVERFLOW = """() => {
  const root = document.documentElement;
  const found = [];
  if (root.scrollWidth > root.clientWidth) {
    for (const e of document.body.querySelectorAll("*")) {
      if (e.getBoundingClientRect().right > root.clientWidth + 1) {
        found.push(`too wide: ${e.outerHTML.slice(0, 120)}`);
      }
    }
    found.push(`the page: ${root.scrollWidth} px of ${root.clientWidth}`);
  }
  return found.slice(-3);
}"""

_UNREACHABLE = f"""() => {{
  {_SHOWN}
  return [...document.body.querySelectorAll("*")].filter(shown).filter((e) => {{
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
    return scrolls && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0;
  }}).map((e) => `scrolls, and no keyboard reaches it: ${{e.outerHTML.slice(0, 120)}}`);
}}"""

_INJECTED = """() => {
  const found = [];
  if (window.attacked) found.push("a script has run");
  const added = ".injected, [onerror], [onload], img, iframe, object, embed, [href^='javascript:']";
  document.querySelectorAll(added).forEach((e) => found.push(e.outerHTML.slice(0, 120)));
  if (document.scripts.length !== 1) found.push(`${document.scripts.length} scripts`);
  return found;
}"""


def open_all(page: Any) -> None:
    """Open everything that is folded away."""
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")


def not_laid_out(page: Any) -> list[str]:
    """Return formulas that are not laid out as mathematics, and LaTeX that is shown as text."""
    return [fault for look in (_FLAT, _FRACTIONS, _LATEX) for fault in page.evaluate(look)]


def overflow(page: Any) -> list[str]:
    """Return what is wider than the window, and boxes that scroll without the keyboard."""
    return [fault for look in (_OVERFLOW, _UNREACHABLE) for fault in page.evaluate(look)]


def injected(page: Any) -> list[str]:
    """Return what a text has brought into the page."""
    return list(page.evaluate(_INJECTED))


def violations(page: Any, only: list[str] = WCAG) -> list[str]:
    """Return what axe-core finds against WCAG 2, levels A and AA, or against these rules."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": only, "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['target']}: {node['html'][:120]}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]
