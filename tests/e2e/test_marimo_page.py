"""marimo's own page, in the browser: closed by the API it says so, and doesn't come back by itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import RunningLab


@pytest.mark.nightly
def test_a_closed_notebook_stays_closed(context: BrowserContext, lab: RunningLab) -> None:
    parts = urlsplit(lab.jupyter_url)
    origin, token = f"{parts.scheme}://{parts.netloc}", parse_qs(parts.query)["token"][0]
    notebook = next(lab.project.rglob("notebooks/*.py")).relative_to(lab.project).as_posix()

    def api(method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"token {token}"}
        answer = httpx.request(method, f"{origin}/daglab/api/{path}", headers=headers, timeout=90, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    page = context.new_page()
    page.goto(f"{origin}/api/status?token={token}")  # logs in
    page.goto(origin + api("POST", "marimo", json={"path": notebook})["url"])
    page.locator(".cm-content").first.wait_for(timeout=60_000)
    (session,) = [one for one in api("GET", "marimo")["sessions"] if one["path"] == notebook]
    left = api("DELETE", f"marimo/{session['session']}")["sessions"]
    assert session not in left
    expect(page.get_by_text("Failed to connect").or_(page.get_by_text("kernel not found")).first).to_be_visible()
    page.wait_for_timeout(4_000)  # time to connect again
    assert notebook not in [one["path"] for one in api("GET", "marimo")["sessions"]]
