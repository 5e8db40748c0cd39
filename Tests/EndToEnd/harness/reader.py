"""Reads pages by the keyboard alone in a real Chromium: run by the interpreter that has Playwright.

    reader.py URL NAME PASSWORD SCRIPTS WIDTH STEP ...

SCRIPTS is `on` or `off`. A step is `type:TEXT`, `tab:TEXT` for going on until what has the focus has this text or label and pressing Enter on it, or `back`.
Prints the path and the title after each step.
"""
import shutil
import sys

from playwright.sync_api import sync_playwright

FOCUSED = """() => { const it = document.activeElement;
  return it === document.body ? '' : (it.getAttribute('aria-label') || it.innerText || it.id || '').trim(); }"""


def go_to(page, text):
    """Presses Tab until something with this text has the focus; what has it is seen to have it."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == text:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", "no outline: " + text
            return
    raise AssertionError("the keyboard does not come to " + text)


def main(url, name, password, scripts, width, *steps):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(java_script_enabled=scripts == "on", viewport={"width": int(width), "height": 800},
                                   reduced_motion="reduce").new_page()
        page.goto(url + "/ui/login")
        go_to(page, "username")
        page.keyboard.type(name)
        go_to(page, "password")
        page.keyboard.type(password)
        page.keyboard.press("Enter")
        page.wait_for_url(url + "/ui/")
        for step in steps:
            what, _, text = step.partition(":")
            before = page.url
            if what == "back":
                page.go_back()
            elif what == "type":
                go_to(page, "Search packages")
                page.keyboard.type(text)
                page.keyboard.press("Enter")
            else:
                go_to(page, text)
                page.keyboard.press("Enter")
            page.wait_for_url(lambda now: now != before)
            print(page.url[len(url):], page.title(), sep="\t", flush=True)
        browser.close()


main(*sys.argv[1:])
