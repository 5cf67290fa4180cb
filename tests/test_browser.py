"""The offline page of the test house tells the truth about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


def test_a_self_contained_page_asks_for_nothing(
    page: Page, tmp_path: Path, http_requests: list[str], page_errors: list[str]
) -> None:
    (tmp_path / "page.html").write_text("<p id=a>x</p><script>a.textContent = 6 * 7</script>", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.text_content("#a") == "42"
    assert not http_requests
    assert not page_errors


def test_a_page_that_reaches_out_or_breaks_is_noticed(
    page: Page, tmp_path: Path, http_requests: list[str], page_errors: list[str]
) -> None:
    (tmp_path / "page.html").write_text("<img src='http://example.org/a.png'><script>absent()</script>", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert http_requests == ["http://example.org/a.png"]
    assert "absent" in page_errors[0]
