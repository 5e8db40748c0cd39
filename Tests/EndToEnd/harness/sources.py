"""The standard set of distributions behind each kind of repository, and what installing it must give."""
from __future__ import annotations

import dataclasses

KINDS = ["hosted", "proxy", "group"]
EVERYTHING = ["needs-others", "epochal", "local-version", "picky", "source-only", "camel-case", "regretted"]
INSTALLED = {"needs-others": "1.0", "plain": "1.1", "under-score-dotted-name": "2.0", "epochal": "1!2.0",
             "local-version": "1.0+cu118", "picky": "1.0", "source-only": "0.3", "camel-case": "1.0", "regretted": "2.0"}
# What the group's hosted member has; the rest comes from its proxy.
HOSTED_IN_GROUP = {"needs-others", "local-version", "source-only"}


@dataclasses.dataclass(frozen=True)
class Source:
    kind: str
    repository: str
    index_url: str          # with the administrator's credentials
    robot_url: str          # with those of a robot that may read
    installed: frozenset    # the files that an installer of EVERYTHING has to fetch


def files_of(dists, installed):
    """The file that an installer takes for each of these versions."""
    chosen = set()
    for item in dists.values():
        if installed.get(item.project) == item.version and (item.is_wheel or item.project == "source-only"):
            chosen.add(item.filename)
    return frozenset(chosen)


def publish_all(server, repository, distributions):
    for item in distributions:
        answer = server.admin.upload(repository, item)
        assert answer.status_code == 200, (item.filename, answer.status_code, answer.text)


def standard_source(kind, server, project, upstream, dists):
    """A repository of this kind in `project` that offers the standard set."""
    hosted, proxy, group = (project + "/" + name for name in ("hosted", "proxy", "group"))
    if kind in ("hosted", "group"):
        server.create(hosted)
        publish_all(server, hosted, [item for item in dists.values() if kind == "hosted" or item.project in HOSTED_IN_GROUP])
    if kind in ("proxy", "group"):
        upstream.add(*[item for item in dists.values() if kind == "proxy" or item.project not in HOSTED_IN_GROUP])
        server.create(proxy, kind="proxy", remote_url=upstream.url + "/")
    if kind == "group":
        server.create(group, kind="group", members=[hosted, proxy])
    repository = "%s/%s" % (project, kind)
    return Source(kind, repository, server.index_url(repository), server.index_url(repository, *server.robot(project, "viewer")),
                  files_of(dists, INSTALLED))
