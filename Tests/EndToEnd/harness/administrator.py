"""An administrator at work in a real Chromium: makes a proxy whose upstream is asked first, and a robot with a role and a key; or a policy.

    administrator.py URL NAME PASSWORD SCRIPTS client PROJECT UPSTREAM
    administrator.py URL NAME PASSWORD SCRIPTS policy PROJECT

Prints one JSON object: what the pages told on the way.
"""
import json
import shutil
import sys

from playwright.sync_api import sync_playwright


def client(page, told, project, upstream):
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Repositories").click()
    page.get_by_role("link", name="New repository").click()
    page.get_by_label("Format").select_option("pypi")
    page.get_by_label("proxy: keeps what an upstream has").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Project").fill(project)
    page.get_by_label("Name", exact=True).fill("proxy")
    page.get_by_label("Address of the upstream").fill(upstream)
    page.get_by_role("button", name="Ask the upstream first").click()
    told["probe"] = page.get_by_role("status").filter(has_text="upstream").inner_text()
    page.get_by_role("button", name="Make the repository").click()
    page.wait_for_url("**/repositories/%s/proxy?**" % project)
    told["made"] = page.url

    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Robots").click()
    page.get_by_label("Name", exact=True).fill(project)
    page.get_by_label("Project that it belongs to").fill(project)
    page.get_by_role("button", name="Make the robot").click()
    page.wait_for_url("**/robots/%s?**" % project)
    page.get_by_role("link", name="the page of the project " + project).click()
    page.get_by_label("Give a role to").fill("sa$" + project)
    page.get_by_role("button", name="Give the role").click()
    page.get_by_role("link", name="sa$" + project).click()
    page.get_by_label("What it is for").first.fill("the build machine")
    page.get_by_label("Only in").fill(project + "/proxy")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_text("It is shown once").wait_for()
    told["snippets"] = [code.inner_text() for code in page.locator(".copy code").all()]


def policy(page, told, project):
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Policies").click()
    page.get_by_role("link", name="New policy").click()
    page.get_by_label("Name", exact=True).fill("hold-plain")
    page.get_by_label("It counts in").select_option("project:" + project)
    page.get_by_label("Only note what it would do").uncheck()
    page.get_by_label("Packages", exact=True).fill("plain")
    page.get_by_role("button", name="Make the policy").click()
    page.wait_for_url("**/policies?done=made")
    told["policy"] = page.url


def main(url, name, password, scripts, work, *arguments):
    told = {"said": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(java_script_enabled=scripts == "True").new_page()
        page.on("console", lambda message: told["said"].append(message.text) if message.type in ("error", "warning") else None)
        page.goto(url + "/ui/login")
        page.fill("#username", name)
        page.fill("#password", password)
        page.press("#password", "Enter")
        page.wait_for_url(url + "/ui/")
        page.get_by_role("link", name="Administration").click()
        {"client": client, "policy": policy}[work](page, told, *arguments)
        browser.close()
    print(json.dumps(told))


main(*sys.argv[1:])
