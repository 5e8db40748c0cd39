internal import SaveHTTP
internal import SavePlatform

/// How times are told, by each reader's choice: see `TimeStyle`.
enum TimeForm {
    private static let fields = [
        FormField(
            "form", "Times are told",
            .choice([
                FormField.Choice("ago", "by how long ago: 4 days ago"),
                FormField.Choice("exact", "exactly: day, hour and minute"),
            ])),
        FormField(
            "language", "In the language", hint: "A tag such as de-CH or ja. Empty for the browser's own.",
            suggestions: ["de", "de-CH", "en-GB", "en-US", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt-BR", "sv", "zh-CN"]),
        FormField(
            "zone", "In the hours of", hint: "A time zone such as Europe/Zurich, or UTC. Empty for the browser's own.",
            suggestions: [
                "UTC", "America/Chicago", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata",
                "Asia/Shanghai",
                "Asia/Tokyo", "Australia/Sydney", "Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Zurich",
            ]),
    ]

    static func html(_ call: PageCall) throws -> HTML {
        let form = AdministrationForm("times", call.links.account + "/times", fields, "Save", tone: .plain)
        let times = call.times
        let values: JSONObject = [
            "form": .string(times.form.rawValue), "language": .string(times.language), "zone": .string(times.zone),
        ]
        return """
            <h2>Times</h2>
            <p>This browser keeps it. Language and zone count where scripts run; elsewhere times are in UTC.</p>
            <div class="work">\(try form.html(call, values))</div>
            """
    }

    static func set(_ call: PageCall) async throws -> PageAnswer {
        do {
            var times = TimeStyle()
            guard let form = TimeStyle.Form(rawValue: call["form"]) else {
                throw SaveError.invalid("form", "choose how times are told, as the form offers it")
            }
            times.form = form
            times.language = call["language"]
            times.zone = call["zone"]
            guard TimeStyle.isLanguage(times.language) else {
                throw SaveError.invalid("language", "'language' must be a language tag such as de-CH, or empty")
            }
            guard TimeStyle.isZone(times.zone) else {
                throw SaveError.invalid("zone", "'zone' must be the name of a time zone such as Europe/Zurich, or empty")
            }
            let cookie = times.cookie(call.request, call.context.publicAddress)
            return PageAnswer(redirectTo: Done.url(call.links.account, .saved), cookies: [cookie])
        } catch {
            return try await Submission.refused(error, call, form: "times", page: AccountPage.answer)
        }
    }
}
