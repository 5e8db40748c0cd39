"""The alerts and the dashboard of the documentation, against the real metrics and Prometheus' own checks."""
import json
import pathlib
import re
import subprocess

import pytest

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
RULES = DOCS / "monitoring" / "save.rules.yml"
DASHBOARD = json.loads((DOCS / "monitoring" / "save-dashboard.json").read_text())
ALERTS = re.findall(r"alert: (\w+)", RULES.read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]

# Samples a minute apart by which each alert is given, and by which it is not.
SERIES = {
    "SaveDown": ('up{job="save",instance="a"}', "0x60", "1x60"),
    "SaveRequestsFail": ('save_requests_total{instance="a",method="GET",status="503"}', "0+60x60", "0x60"),
    "SaveReadsAreSlow": ('save_request_duration_seconds_bucket{instance="a",class="read",le="+Inf"}', "0+600x60", "0x60"),
    "SaveDiskFills": ('save_free_disk_bytes{instance="a"}', "4e9x60", "9e10x60"),
    "SaveUpstreamFails": ('save_upstream_index_failures_total{instance="a",repository="p/r"}', "0+60x60", "0x60"),
    "SaveBlobsAreDamaged": ('save_damaged_blobs{instance="a"}', "2x60", "0x60"),
    "SaveAuditTrailLoses": ('save_audit_lost_events{instance="a"}', "0+1x60", "0x60"),
    "SaveAdvisoriesFail": ('save_advisory_fetches_total{instance="a",outcome="failed"}', "0+1x90", "0x90"),
    "SavePackagesBecameRefused": ('save_policy_exposures_total{instance="a"}', "0+1x60", "3x60"),
    "SaveUpstreamAnomaly": ('save_upstream_anomalies_total{instance="a",kind="changed_file"}', "0+1x60", "3x60"),
    "SavePasswordsAreGuessed": ('save_sign_in_failures_total{instance="a"}', "0+120x60", "0+6x60"),
}
# What goes on beside: a healthy server.
BESIDE = [
    ('save_requests_total{instance="a",method="GET",status="200"}', "0+600x90"),
    ('save_request_duration_seconds_bucket{instance="a",class="read",le="10"}', "0+600x90"),
    ('save_request_duration_seconds_bucket{instance="a",class="read",le="0.1"}', "0+590x90"),
    ('save_upstream_index_requests_total{instance="a",repository="p/r"}', "0+60x90"),
]


def promtool(folder, kind, text, *more):
    file = folder / ("%s.yml" % kind)
    file.write_text(text)
    return subprocess.run(["promtool", *more, str(file)], capture_output=True, text=True)


def given(tmp_path, name, values):
    """Whether Prometheus gives the alert after its time, by the samples."""
    series, beside = SERIES[name][0], list(BESIDE)
    if name == "SaveReadsAreSlow" and values == SERIES[name][1]:
        # All of them took longer than the last bound.
        beside = [pair for pair in beside if "duration" not in pair[0]]
        beside.append(('save_request_duration_seconds_bucket{instance="a",class="read",le="10"}', "0x90"))
    test = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [{
        "interval": "1m", "input_series": [{"series": key, "values": value} for key, value in [(series, values)] + beside],
        "alert_rule_test": [{"eval_time": "90m" if "Advisories" in name else "50m", "alertname": name, "exp_alerts": []}]}]}
    done = promtool(tmp_path, "test", json.dumps(test), "test", "rules")
    assert "FAILED" in done.stdout + done.stderr or done.returncode == 0, done.stderr
    return done.returncode != 0


def test_prometheus_takes_the_alerts_and_the_dashboard(tmp_path):
    checked = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rules = [{"record": "panel:%d" % number, "expr": expression.replace("$__rate_interval", "5m").replace("$instance", ".+")}
             for number, expression in enumerate(EXPRESSIONS)]
    done = promtool(tmp_path, "panels", json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), "check", "rules")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_given_for_its_fault_and_not_without(name, tmp_path):
    _, bad, good = SERIES[name]
    assert given(tmp_path, name, bad)
    assert not given(tmp_path, name, good)


def test_the_server_has_every_metric_that_is_asked_for(server):
    # The type of a metric is there before its first sample.
    known = set(re.findall(r"^# TYPE (\w+)", server.admin.get("/metrics").text, re.M))
    asked = set(re.findall(r"\bsave_\w+", " ".join(EXPRESSIONS) + RULES.read_text().replace("save_request_duration_seconds_bucket", "")))
    missing = {name for name in asked if name.removesuffix("_bucket") not in known}
    assert not missing
    assert asked


def test_the_documentation_says_what_to_do_about_each_alert():
    said = re.findall(r"^\| `(Save\w+)` \|", (DOCS / "monitoring.md").read_text(), re.M)
    assert said == ALERTS
