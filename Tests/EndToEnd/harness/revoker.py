"""Signs in with a real Chromium and ends every other session of the account.

    revoker.py URL NAME PASSWORD

Prints one JSON object: how many sessions there were, and how many are left.
"""
import json
import shutil
import sys

from playwright.sync_api import sync_playwright


def main(url, name, password):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context().new_page()
        page.goto(url + "/ui/login")
        page.fill("#username", name)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_url(url + "/ui/")
        page.goto(url + "/ui/account")
        rows = page.locator("form[action*='/sessions/']")
        told = {"rows": rows.count()}
        page.locator("tr", has=rows).filter(has_not_text="this one").get_by_role("button").click()
        page.wait_for_load_state()
        told["left"] = rows.count()
        browser.close()
    print(json.dumps(told))


main(*sys.argv[1:])
