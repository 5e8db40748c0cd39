import SaveTestKit

/// What everybody gets for every route of the REST API. Written by hand: what the code says of itself is not asked.
enum APIExpectations {
    // MARK: - Who may do what

    static let anyAccount = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        server    401       ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        """)
    static let anyone = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        server    ok        ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        """)
    static let inspectors = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        server    401       403    403    403       403   403      ok      ok    ok    403   403    401     401
        """)
    static let administrators = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        server    401       403    403    403       403   403      403     ok    ok    403   403    401     401
        """)
    /// With a password only.
    static let passwordAdministrators = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        server    401       403    403    403       403   403      403     ok    403   403   403    401     401
        """)

    /// A project is seen by callers that may read a repository in it.
    static let seesProject = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        private   401       404    ok     ok        ok    404      ok      ok    ok    ok    ok     401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    /// Only the members of a project know its members.
    static let readsProject = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       403    ok     ok        ok    403      ok      ok    ok    ok    ok     401     401
        private   401       404    ok     ok        ok    404      ok      ok    ok    ok    ok     401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    static let owners = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       403    403    403       ok    403      403     ok    ok    403   403    401     401
        private   401       404    403    403       ok    404      403     ok    ok    403   403    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    /// With a password only.
    static let passwordOwners = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       403    403    403       ok    403      403     ok    403   403   403    401     401
        private   401       404    403    403       ok    404      403     ok    403   403   403    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    /// Robots are accounts: no key makes one, wherever.
    static let robotMakers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       403    403    403       ok    403      403     ok    403   403   403    401     401
        private   401       404    403    403       ok    404      403     ok    403   403   403    401     401
        missing   401       404    404    404       404   404      404     404   403   403   403    401     401
        """)
    /// A project that is missing is made by administrators.
    static let createsRepository = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       403    403    403       ok    403      403     ok    ok    403   403    401     401
        private   401       404    403    403       ok    404      403     ok    ok    403   403    401     401
        missing   401       404    404    404       404   404      404     ok    ok    404   404    401     401
        """)
    static let readers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       ok     ok     ok        ok    ok       ok      ok    ok    ok    ok     401     401
        private   401       404    ok     ok        ok    404      ok      ok    ok    ok    ok     401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)

    /// Robots are known to owners of their project, and to auditors.
    static let robotReaders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       404    404    404       ok    404      ok      ok    ok    404   404    401     401
        private   401       404    404    404       ok    404      ok      ok    ok    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    static let robotManagers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       404    404    404       ok    404      403     ok    ok    404   404    401     401
        private   401       404    404    404       ok    404      403     ok    ok    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    /// With a password only.
    static let robotPasswordManagers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       404    404    404       ok    404      403     ok    403   404   404    401     401
        private   401       404    404    404       ok    404      403     ok    403   404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)

    /// Policies are known to who manages their scope, and to auditors.
    static let policyReaders = robotReaders
    static let policyManagers = robotManagers

    /// `developer` asked for it: the owners of its project and auditors know of it as well.
    static let waiverReaders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       404    404    ok        ok    404      ok      ok    ok    404   404    401     401
        private   401       404    404    ok        ok    404      ok      ok    ok    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    static let waiverGranters = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       404    404    403       ok    404      403     ok    ok    404   404    401     401
        private   401       404    404    403       ok    404      403     ok    ok    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    /// A request is taken back by the account that sent it.
    static let waiverEnders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        public    401       404    404    ok        ok    404      403     ok    ok    404   404    401     401
        private   401       404    404    ok        ok    404      403     ok    ok    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)

    /// A robot has no user; a key of the owner's is the owner.
    static let userReaders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        oneself   401       ok     ok     ok        ok    ok       ok      ok    ok    404   ok     401     401
        another   401       404    404    404       404   404      ok      ok    ok    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    static let userManagers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        oneself   401       403    403    403       403   403      403     ok    ok    404   403    401     401
        another   401       404    404    404       404   404      403     ok    ok    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    /// With a password only.
    static let userPasswordManagers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        oneself   401       403    403    403       403   403      403     ok    403   404   403    401     401
        another   401       404    404    404       404   404      403     ok    403   404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    static let passwordHolders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        oneself   401       ok     ok     ok        ok    ok       ok      ok    403   404   403    401     401
        another   401       404    404    404       404   404      403     ok    403   404   404    401     401
        missing   401       404    404    404       404   404      404     404   404   404   404    401     401
        """)
    /// Keys are made with a password.
    static let keyMakers = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        server    401       ok     ok     ok        ok    ok       ok      ok    403   403   403    401     401
        """)
    static let keyHolders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        oneself   401       ok     ok     ok        ok    ok       ok      ok    ok    ok    403    401     401
        another   401       404    404    404       404   404      404     404   404   404   403    401     401
        missing   401       404    404    404       404   404      404     404   404   404   403    401     401
        """)

    static let ownKeyReaders = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        oneself   401       ok     ok     ok        ok    ok       ok      ok    ok     ok    ok     401     401
        another   401       404    404    404       404   404      404     404   404    404   404    401     401
        missing   401       404    404    404       404   404      404     404   404    404   404    401     401
        """)

    /// A secret takes another's place with a password as well.
    static let keyRotators = AccessProfile(
        """
                  anonymous nobody viewer developer owner stranger auditor admin master robot scoped expired disabled
        oneself   401       ok     ok     ok        ok    ok       ok      ok    403   403   403    401     401
        another   401       404    404    404       404   404      404     404   403   403   403    401     401
        missing   401       404    404    404       404   404      404     404   403   403   403    401     401
        """)

    // MARK: - Every route

    private static let version = "/repos/{project}/{name}/packages/{package}/versions/{version}"
    private static let proxy = ["name": "pypi-proxy"]

    static let rows: [AccessRow] = [
        AccessRow("GET /projects", anyAccount),
        AccessRow("POST /projects", administrators, ok: 201, body: #"{"name":"fresh"}"#),
        AccessRow("GET /projects/{project}", seesProject),
        AccessRow("PATCH /projects/{project}", owners, body: #"{"description":"changed"}"#),
        // It still has repositories.
        AccessRow("DELETE /projects/{project}", owners, ok: 409),
        AccessRow("GET /projects/{project}/members", readsProject),
        AccessRow("GET /projects/{project}/members/{principal}", readsProject),
        AccessRow("PUT /projects/{project}/members/{principal}", passwordOwners, body: #"{"role":"developer"}"#),
        AccessRow("DELETE /projects/{project}/members/{principal}", passwordOwners, ok: 204),

        AccessRow("GET /repos", anyAccount),
        AccessRow(
            "POST /repos", createsRepository, ok: 201,
            body: #"{"project":"{project}","name":"fresh","format":"raw","repository_type":"hosted"}"#),
        AccessRow("GET /repos/{project}/{name}", readers),
        AccessRow("PATCH /repos/{project}/{name}", owners, body: #"{"description":"changed"}"#),
        AccessRow("DELETE /repos/{project}/{name}", owners, ok: 204, values: ["name": "raw-group"]),
        AccessRow(
            "POST /repos/probe", createsRepository,
            body:
                #"{"project":"{project}","name":"fresh","format":"pypi","repository_type":"proxy","remote_url":"http://upstream.test/"}"#
        ),
        AccessRow("POST /repos/{project}/{name}/probe", owners, values: proxy),
        AccessRow("POST /repos/{project}/{name}/invalidate-cache", owners, ok: 204, values: proxy),

        AccessRow("GET /repos/{project}/{name}/files", readers),
        AccessRow("GET /repos/{project}/{name}/packages", readers),
        AccessRow("GET /repos/{project}/{name}/packages/{package}", readers),
        AccessRow("PATCH /repos/{project}/{name}/packages/{package}", owners, body: #"{"attributes":{}}"#),
        AccessRow(
            "PATCH /repos/{project}/{name}/packages/{package}/versions/{version}", owners, body: #"{"attributes":{}}"#),
        AccessRow("DELETE /repos/{project}/{name}/packages/{package}", owners, ok: 204),
        AccessRow("GET /repos/{project}/{name}/packages/{package}/explain", readers),
        AccessRow("GET /repos/{project}/{name}/packages/{package}/retired-names", readers),
        AccessRow(
            "DELETE /repos/{project}/{name}/packages/{package}/retired-names/{filename}", owners, ok: 204,
            values: ["filename": AccessWorld.retired.filename]),
        AccessRow("GET \(version)", readers),
        AccessRow("DELETE \(version)", owners, ok: 204),
        AccessRow("PUT \(version)/yank", owners, ok: 204, body: #"{"reason":"broken"}"#),
        AccessRow("DELETE \(version)/yank", owners, ok: 204),
        AccessRow("DELETE \(version)/files/{filename}", owners, ok: 204),
        AccessRow("PUT \(version)/files/{filename}/yank", owners, ok: 204, body: #"{"reason":"broken"}"#),
        AccessRow("DELETE \(version)/files/{filename}/yank", owners, ok: 204),

        AccessRow("GET /policies", anyAccount),
        AccessRow(
            "POST /policies", owners, ok: 201, body: #"{"name":"fresh","scope":"project:{project}","action":"deny","match":{}}"#),
        AccessRow(
            "POST /policies/evaluate", readers,
            body: #"{"repository":"{project}/pypi-hosted","packages":["pkg:pypi/demo@1.0"]}"#, isRecorded: false),
        AccessRow(
            "POST /policies/preview", owners,
            body:
                #"{"policy":{"name":"n","scope":"project:{project}","action":"deny","match":{}},"since":"2026-01-01T00:00:00Z"}"#,
            isRecorded: false),
        AccessRow("GET /policies/{id}", policyReaders),
        AccessRow("PATCH /policies/{id}", policyManagers, body: #"{"enabled":false}"#),
        AccessRow("DELETE /policies/{id}", policyManagers, ok: 204),

        AccessRow("GET /waivers", anyAccount),
        AccessRow(
            "POST /waivers", seesProject, ok: 201,
            body:
                #"{"package":"pkg:pypi/demo@1.0","policy":"rule","project":"{project}","reason":"needed","until":"2030-01-01T00:00:00Z"}"#
        ),
        // It says in its query where to.
        AccessRow("POST /waivers/import", anyAccount, ok: 400, body: "{}"),
        AccessRow("GET /waivers/{id}", waiverReaders),
        AccessRow("PATCH /waivers/{id}", waiverGranters, body: #"{"state":"granted"}"#),
        AccessRow("DELETE /waivers/{id}", waiverEnders, ok: 204),
        AccessRow("GET /refusals/{id}", readers),

        AccessRow("GET /users", inspectors),
        AccessRow("POST /users", passwordAdministrators, ok: 201, body: #"{"username":"fresh","password":"long enough"}"#),
        AccessRow("GET /users/{username}", userReaders),
        AccessRow("PATCH /users/{username}", userPasswordManagers, body: #"{"disabled":false}"#),
        AccessRow("DELETE /users/{username}", userPasswordManagers, ok: 204),
        AccessRow("PUT /users/{username}/password", passwordHolders, ok: 204, body: #"{"password":"long enough"}"#),

        AccessRow("GET /robots", anyAccount),
        AccessRow("POST /robots", robotMakers, ok: 201, body: #"{"name":"fresh","project":"{project}"}"#),
        AccessRow("GET /robots/{name}", robotReaders, values: ["name": "bot-{project}"]),
        AccessRow(
            "PATCH /robots/{name}", robotPasswordManagers, body: #"{"description":"changed"}"#, values: ["name": "bot-{project}"]),
        AccessRow("DELETE /robots/{name}", robotPasswordManagers, ok: 204, values: ["name": "bot-{project}"]),
        AccessRow("GET /robots/{name}/keys", robotReaders, values: ["name": "bot-{project}"]),
        AccessRow("GET /robots/{name}/keys/{id}", robotReaders, values: ["name": "bot-{project}"]),
        AccessRow("POST /robots/{name}/keys", robotPasswordManagers, ok: 201, body: "{}", values: ["name": "bot-{project}"]),
        AccessRow(
            "POST /robots/{name}/keys/{id}/rotate", robotPasswordManagers, ok: 201, body: "{}", values: ["name": "bot-{project}"]),
        AccessRow("DELETE /robots/{name}/keys/{id}", robotManagers, ok: 204, values: ["name": "bot-{project}"]),

        AccessRow("GET /user", anyAccount),
        AccessRow("GET /user/keys", anyAccount),
        AccessRow("GET /user/keys/{id}", ownKeyReaders),
        AccessRow("POST /user/keys", keyMakers, ok: 201, body: "{}"),
        AccessRow("POST /user/keys/{id}/rotate", keyRotators, ok: 201, body: "{}"),
        AccessRow("DELETE /user/keys/{id}", keyHolders, ok: 204),
        AccessRow("GET /users/{username}/keys", userReaders),
        AccessRow("GET /users/{username}/keys/{id}", userReaders),
        AccessRow("DELETE /users/{username}/keys/{id}", userManagers, ok: 204),

        AccessRow("GET /admin/audit", inspectors),
        AccessRow("GET /admin/audit/verify", inspectors),
        AccessRow("GET /downloads", inspectors, ok: 400),
        AccessRow("GET /admin/stats", inspectors),
        AccessRow("POST /admin/gc", administrators),
        AccessRow("POST /admin/verify", administrators, ok: 202),
        AccessRow("GET /jobs", administrators),
        AccessRow("GET /jobs/{id}", administrators, ok: 404),
        AccessRow("POST /jobs/{id}/cancel", administrators, ok: 404),
        AccessRow("GET /advisories", anyAccount, ok: 400),
        AccessRow("POST /advisories", administrators, ok: 415),
        AccessRow("POST /advisories/fetch", administrators, ok: 409),
        AccessRow("GET /advisories/status", anyAccount),
        AccessRow("GET /advisories/{advisory}", anyAccount, ok: 404),
        AccessRow("POST /osv/v1/query", anyone, ok: 400, isRecorded: false),
        AccessRow("POST /osv/v1/querybatch", anyone, ok: 400, isRecorded: false),
        AccessRow("GET /osv/v1/vulns/{advisory}", anyone, ok: 404),
        AccessRow("GET /formats", anyAccount),
        AccessRow("GET /openapi.json", anyAccount),
    ]
}
