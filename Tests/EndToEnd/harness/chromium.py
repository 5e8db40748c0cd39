"""Opens pages in a real Chromium, and tells what it saw: run by the interpreter that has Playwright.

    chromium.py URL NAME PASSWORD PATH ...

Prints one JSON object for each page and way of looking at it. Nothing is downloaded: the browser is the system's.
"""
import json
import shutil
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

WAYS = [
    {"color_scheme": "light"}, {"color_scheme": "dark"},
    {"color_scheme": "light", "viewport": {"width": 320, "height": 640}, "reduced_motion": "reduce"},
]


def look(page, address, way):
    said, elsewhere = [], []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith(address[0]) else None)
    answer = page.goto("".join(address))
    findings = [{"rule": item["id"], "where": [node["html"][:200] for node in item["nodes"]]} for item in Axe().run(page).response["violations"]]
    print(json.dumps({
        "path": address[1], "way": way, "status": answer.status, "findings": findings, "elsewhere": elsewhere,
        "said": [text for text in said if "status of 404" not in text],
        "owned": page.evaluate("window.owned === 1"),
        "overflows": page.evaluate("document.documentElement.scrollWidth > innerWidth"),
        "buttons": page.locator(".copy button").count(), "snippets": page.locator(".copy").count()}), flush=True)


def main(url, name, password, *paths):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for way in WAYS:
            context = browser.new_context(**way)
            page = context.new_page()
            look(page, (url, "/ui/login"), way)
            page.fill("#username", name)
            page.fill("#password", password)
            # By the keyboard alone.
            page.press("#password", "Enter")
            page.wait_for_url(url + "/ui/")
            for path in paths:
                page = context.new_page()
                look(page, (url, path), way)
                page.close()
            context.close()
        browser.close()


main(*sys.argv[1:])
