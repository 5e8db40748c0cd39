"""Scripts of other sites, as browsers let them ask."""

ORIGIN = {"Origin": "https://app.example.com"}
PREFLIGHT = dict(ORIGIN, **{"Access-Control-Request-Method": "GET"})


def test_scripts_of_listed_sites_read_repositories_and_nothing_else(new_server):
    server = new_server(SAVE_CORS_ORIGINS="https://app.example.com")
    server.create("team/open", format="raw", anonymous_read=True)
    server.create("team/closed", format="raw")
    server.admin.put("/raw/team/open/a.txt", data=b"text")
    nobody = server.client(None)
    for _ in range(3):      # from the disk, then from memory
        answer = nobody.get("/raw/team/open/a.txt", headers=ORIGIN)
        assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        plain = nobody.get("/raw/team/open/a.txt")
        assert "Access-Control-Allow-Origin" not in plain.headers and "Origin" in plain.headers["Vary"]
        assert "Access-Control-Allow-Origin" not in nobody.get("/raw/team/open/a.txt", headers={"Origin": "https://evil.example"}).headers
    for path in ("/raw/team/open/a.txt", "/raw/team/closed/a.txt", "/raw/no/where/a.txt"):
        preflight = nobody.request("OPTIONS", path, headers=PREFLIGHT)
        assert preflight.status_code == 204 and preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
        assert "authorization" not in preflight.headers["Access-Control-Allow-Headers"].lower()
    assert nobody.get("/raw/team/closed/a.txt", headers=ORIGIN).status_code == 401
    for path in ("/api/v1/repos", "/health", "/metrics"):
        for answer in (server.admin.get(path, headers=ORIGIN), nobody.request("OPTIONS", path, headers=PREFLIGHT)):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")], path
    put = dict(PREFLIGHT, **{"Access-Control-Request-Method": "PUT"})
    assert "Access-Control-Allow-Origin" not in nobody.request("OPTIONS", "/raw/team/open/a.txt", headers=put).headers


def test_without_the_setting_no_script_of_another_site_reads(server, repository):
    server.create(repository + "/open", format="raw", anonymous_read=True)
    answer = server.client(None).get("/raw/%s/open/" % repository, headers=ORIGIN)
    assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers
