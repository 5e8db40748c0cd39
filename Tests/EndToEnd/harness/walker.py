"""Walks through pages in a real Chromium from link to link, and tells what happened on each: run by the interpreter that has Playwright.

    walker.py URL NAME PASSWORD MOST PATH ...

Begins with the paths, then follows every link below /ui that it finds, up to MOST pages. Prints one JSON object for each page.
"""
import json
import shutil
import sys
import urllib.parse

from playwright.sync_api import sync_playwright

REPORTS = "window.reports = []; document.addEventListener('securitypolicyviolation', event => reports.push(event.violatedDirective + ' ' + event.blockedURI))"
LINKS = "links => links.map(link => link.href)"


def look(page, url, path, seen):
    for events in seen.values():
        events.clear()
    answer = page.goto(url + path)
    links = page.eval_on_selector_all("a[href]", LINKS)
    forms = page.eval_on_selector_all("form", "forms => forms.map(form => new URL(form.getAttribute('action'), document.baseURI).href)")
    print(json.dumps({
        "path": path, "status": answer.status, "said": [text for text in seen["said"] if "status of 4" not in text],
        "elsewhere": list(seen["elsewhere"]), "dialogs": list(seen["dialogs"]), "reports": page.evaluate("reports"),
        "owned": page.evaluate("window.owned === 1"), "left": not page.url.startswith(url + "/ui/"),
        "odd": [link for link in links if urllib.parse.urlsplit(link).scheme not in ("http", "https", "mailto")],
        "foreign_forms": [form for form in forms if not form.startswith(url + "/ui/")],
        "loads": page.eval_on_selector_all("iframe, object, embed, base, style, script:not([src]), [onerror], [onload], [onclick]",
                                           "found => found.map(it => it.outerHTML.slice(0, 200))")}), flush=True)
    return [link[len(url):].split("#")[0] for link in links if link.startswith(url + "/ui/")]


def main(url, name, password, most, *paths):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        context.add_init_script(REPORTS)
        page = context.new_page()
        seen = {"said": [], "elsewhere": [], "dialogs": []}
        page.on("console", lambda message: seen["said"].append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: seen["said"].append(str(error)))
        page.on("request", lambda request: seen["elsewhere"].append(request.url) if not request.url.startswith(url + "/") else None)
        page.on("dialog", lambda dialog: (seen["dialogs"].append(dialog.message), dialog.dismiss()))
        page.goto(url + "/ui/login")
        page.fill("#username", name)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_url(url + "/ui/")
        queue, known = list(paths), set(paths)
        for _ in range(int(most)):
            if not queue:
                break
            for path in look(page, url, queue.pop(0), seen):
                # Files are kept, and not shown.
                if path not in known and not any(word in path for word in ("content=", "export.", "openvex", "refresh=")):
                    known.add(path)
                    queue.append(path)
        browser.close()


main(*sys.argv[1:])
