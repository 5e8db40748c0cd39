"""A person with a browser, as far as HTTP goes: cookies, forms as they stand on pages, no scripts."""
from __future__ import annotations

import html
import re

import requests

from .http import TIMEOUT

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Browser:
    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Accept": HTML, "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})

    def get(self, path, follow=True):
        return self.session.get(self.url + path, timeout=TIMEOUT, allow_redirects=follow)

    def post(self, path, fields, follow=True, **headers):
        """Sends fields as a browser does from a page of this server."""
        return self.session.post(self.url + path, data=fields, timeout=TIMEOUT, allow_redirects=follow,
                                 headers={"Origin": self.url, **headers})

    def submit(self, page, action, follow=True, **fields):
        """Fills in the form of a page that goes to `action`, and sends it."""
        text = self.get(page).text
        form = next(form for form in re.findall(r"<form [^>]*method=\"post\".*?</form>", text, re.S) if 'action="%s"' % action in form)
        known = {html.unescape(name): html.unescape(value)
                 for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)}
        return self.post(action, {**known, **fields}, follow)

    def sign_in(self, name, password, follow=True):
        return self.submit("/ui/login", "/ui/login", follow, username=name, password=password)


def snippets(text):
    """What a page has to copy, in order."""
    return [html.unescape(code) for code in re.findall(r'<div class="copy"><pre tabindex="0"><code>(.*?)</code></pre>', text, re.S)]


def plain(text):
    """The words of a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)))
