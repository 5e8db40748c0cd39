"""A person who has never seen this server, in a real Chromium: clicks, and copies with the buttons, and types a name and a password alone.

    newcomer.py URL PASSWORD PACKAGE

Goes from the first page to a key and a configuration for installing through the group `pypi`, to the line that installs PACKAGE, and to a
key and a configuration for publishing to `pypi-hosted`. Prints one JSON object: what was copied on the way, and what the pages told.
"""
import json
import shutil
import sys

from playwright.sync_api import sync_playwright


def copy(page, box):
    """Presses the button beside something to copy, and gives what is in the clipboard then."""
    page.evaluate("navigator.clipboard.writeText('')")
    box.get_by_role("button", name="Copy").click()
    box.get_by_role("button").get_by_text("Copied").wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def key(page, repository):
    """From the first page to a key for a repository."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Repositories").click()
    page.get_by_role("link", name=repository, exact=True).click()
    page.get_by_role("link", name="New API key").click()
    page.get_by_role("button", name="Make the key").click()
    page.get_by_text("It is shown once").wait_for()


def client(page, name):
    """What a client needs: the file with its name, and the line to type."""
    part = page.locator("details").filter(has=page.locator("summary", has_text=name)).first
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    steps = part.locator("li")
    return {"file": steps.first.locator("code").first.inner_text(), "content": copy(page, steps.first.locator(".copy")),
            "line": copy(page, steps.last.locator(".copy"))}


def main(url, password, package):
    told = {"said": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.on("console", lambda message: told["said"].append(message.text) if message.type in ("error", "warning") else None)
        page.goto(url)
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        key(page, "pypi")
        told["pip"] = client(page, "pip")
        # Nobody has asked for the package yet.
        page.get_by_role("searchbox", name="Search packages").fill(package)
        page.keyboard.press("Enter")
        page.wait_for_url("**/ui/search?**")
        page.get_by_role("link", name=package, exact=False).first.click()
        page.get_by_role("link", name="Ask the upstream now").click()
        page.get_by_text("Newest", exact=True).wait_for()
        told["install"] = [copy(page, box) for box in page.locator("main > .copy").all()]
        key(page, "pypi-hosted")
        told["twine"] = client(page, "twine")
        browser.close()
    print(json.dumps(told))


main(*sys.argv[1:])
