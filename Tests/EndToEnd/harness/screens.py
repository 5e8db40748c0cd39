"""Takes pictures of pages in a real Chromium, in light and in dark: run by the interpreter that has Playwright.

    screens.py URL NAME PASSWORD FOLDER NAME=PATH ...

Prints one line for each picture. Times on pages are taken out, so that a picture changes only where a page does.
"""
import pathlib
import shutil
import sys

from playwright.sync_api import sync_playwright

STILL = "for (const time of document.querySelectorAll('time')) time.textContent = '4 days ago'"


def main(url, name, password, folder, *pictures):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 860}, reduced_motion="reduce")
            page = context.new_page()
            page.goto(url + "/ui/login")
            page.fill("#username", name)
            page.fill("#password", password)
            page.press("#password", "Enter")
            page.wait_for_url(url + "/ui/")
            for picture in pictures:
                title, _, path = picture.partition("=")
                page.goto(url + path)
                page.evaluate(STILL)
                file = pathlib.Path(folder) / ("%s-%s.png" % (title, scheme))
                page.screenshot(path=str(file))
                print(file, flush=True)
            context.close()
        browser.close()


main(*sys.argv[1:])
