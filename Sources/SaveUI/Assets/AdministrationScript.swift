/// What pages of administration do with scripts, and do without: a page that tells how far something is looks again by itself,
/// and times are told in the reader's own language and zone.
enum AdministrationScript {
    /// The field of a request that a page sends by itself: it does not make the session last longer.
    static let again = "save-again"

    static let text = """
        async function look() {
          const live = document.querySelector("[data-again]");
          if (!live) return;
          setTimeout(async () => {
            if (document.hidden) return look();
            try {
              const answer = await fetch(location.href, { headers: { "Accept": "text/html", "\(again)": "1" } });
              if (answer.status >= 500 || answer.status === 429) return look();
              if (!answer.ok || answer.redirected) return;
              const page = new DOMParser().parseFromString(await answer.text(), "text/html");
              const fresh = page.getElementById(live.id);
              if (!fresh) return;
              if (!live.contains(document.activeElement)) { live.replaceWith(fresh); tell(fresh); }
              look();
            } catch { look(); }
          }, Number(live.dataset.again) * 1000);
        }
        look();

        // In the reader's own language and zone, or in those that the reader chose.
        function tell(part) {
          const { times, language, zone } = document.documentElement.dataset;
          const form = times === "exact" ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "full", timeStyle: "long" };
          let told;
          try { told = new Intl.DateTimeFormat(language || undefined, { ...form, timeZone: zone || undefined }); } catch { return; }
          for (const time of part.querySelectorAll("time")) time.title = told.format(new Date(time.dateTime));
        }
        tell(document);

        """
}
