"""A visit to the site: a page of a browser without network, and all that it complains of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


class Visit:
    """A page that keeps what a person would see in the console and in the list of requests."""

    def __init__(self, browser: Any, site: Path, **options: Any) -> None:
        self.site = site
        self.troubles: list[str] = []
        self.context = browser.new_context(**{"offline": True, "viewport": DESK} | options)
        self.context.set_default_timeout(5000)
        self.page = self.context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("requestfailed", lambda asked: self.troubles.append(f"failed: {asked.url}"))
        self.page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning", "assert"):
            self.troubles.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.site.as_uri(), "data:", "about:")):
            self.troubles.append(f"asked for: {request.url}")

    def to(self, path: str) -> Any:
        """Go to a page of the site and return it."""
        self.page.goto((self.site / path).as_uri())
        return self.page

    def to_markup(self, markup: str) -> Any:
        """Show a page of this markup alone and return it."""
        self.page.set_content(f"<!doctype html><html><body>{markup}</body></html>")
        return self.page

    def close(self) -> list[str]:
        """End the visit and return the troubles."""
        self.context.close()
        return self.troubles


def until(page: Any, holds: str) -> None:
    """Wait until an expression holds in a page; its policy forbids that the page asks itself."""
    for _ in range(250):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {holds}")
