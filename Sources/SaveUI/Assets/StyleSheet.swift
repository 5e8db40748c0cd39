/// How pages look: one sheet for all of them, in light, in dark and on paper. Colours are tokens; dark changes the tokens and nothing else.
enum StyleSheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --ink: #1b1f24; --soft: #4e5761; --faint: #5d656e; --line: #d8dde3; --paper: #fff; --shade: #f5f7f9; --raise: #fff;
          --link: #0b57a4; --accent: #0b6b53; --accent-ink: #fff; --field: #868f99;
          --ok: #0b6b3a; --ok-bg: #e3f4ea; --warn: #7a4b00; --warn-bg: #fdf1d8; --bad: #a1161f; --bad-bg: #fde8e8;
          --note: #1f4e8c; --note-bg: #e6effa;
          --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", monospace;
          --sans: system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ink: #e8ebee; --soft: #b3bcc5; --faint: #98a2ac; --line: #30373f; --paper: #14181c; --shade: #1b2026; --raise: #1f252b;
            --link: #82b8f0; --accent: #43b893; --accent-ink: #06120e; --field: #6b7681;
            --ok: #7fd6a3; --ok-bg: #12301f; --warn: #f0c069; --warn-bg: #352711; --bad: #ff9c9c; --bad-bg: #3a1719;
            --note: #9cc5f5; --note-bg: #15273d;
          }
        }
        * { box-sizing: border-box; }
        html { font: 16px/1.5 var(--sans); color: var(--ink); background: var(--paper); -webkit-text-size-adjust: 100%; }
        body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; }
        a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 3px; }
        a:hover { text-decoration-thickness: 2px; }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
        h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
        h2 { font-size: 1.125rem; margin: 2rem 0 .75rem; }
        h3 { font-size: .8125rem; font-weight: 600; color: var(--soft); margin: 1.25rem 0 .35rem; }
        code, pre, kbd { font-family: var(--mono); font-size: .875em; }
        pre code { font-size: 1em; }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem; z-index: 1; }

        .bar { border-bottom: 1px solid var(--line); background: var(--shade); }
        .bar > div { display: flex; gap: .6rem 1.25rem; align-items: center; padding: .6rem 1.5rem; max-width: 76rem; margin: 0 auto; }
        .brand { font-weight: 700; color: var(--ink); text-decoration: none; letter-spacing: -.02em; font-size: 1.125rem;
          display: inline-flex; gap: .5rem; align-items: center; }
        .brand svg { width: 22px; height: 22px; color: var(--accent); }
        .bar search { flex: 1; max-width: 40rem; }
        .bar nav { margin-left: auto; display: flex; gap: 1.25rem; font-size: .9375rem; align-items: center; }
        .bar nav a { color: var(--soft); text-decoration: none; }
        .bar nav a:hover, .bar nav [aria-current] { color: var(--ink); text-decoration: underline; }
        .bar nav form { margin: 0; }
        input, select, textarea { font: inherit; color: inherit; background: var(--raise); border: 1px solid var(--field);
          border-radius: 6px; padding: .45rem .7rem; width: 100%; min-height: 2.5rem; }
        ::placeholder { color: var(--faint); opacity: 1; }
        .button, button { font: inherit; font-weight: 600; font-size: .9375rem; border: 1px solid var(--field); border-radius: 6px;
          background: var(--raise); color: var(--ink); padding: .4rem .9rem; cursor: pointer; text-decoration: none; display: inline-block; }
        .button:hover, button:hover { border-color: currentColor; }
        .go { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
        .danger { color: var(--bad); border-color: currentColor; }
        .quiet { border-color: transparent; background: none; color: var(--soft); padding: .25rem .5rem; font-weight: 400; }

        .page { width: 100%; max-width: 76rem; margin: 0 auto; padding: 1.25rem 1.5rem 4rem; flex: 1; }
        .narrow { max-width: 30rem; }
        .crumbs { font-size: .875rem; color: var(--faint); margin: 0 0 .75rem; overflow-wrap: anywhere; }
        .head { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: baseline; }
        .head p { margin: .35rem 0 0; color: var(--soft); flex-basis: 100%; max-width: 60rem; }
        .two { display: grid; grid-template-columns: minmax(0, 1fr) 19rem; gap: 2.5rem; margin-top: 1.25rem; }
        .two > * > :first-child, .two > aside > dl > dt:first-child { margin-top: 0; }

        .copy { display: flex; border: 1px solid var(--line); border-radius: 8px; background: var(--shade); margin: 1rem 0 0;
          align-items: stretch; }
        .copy pre { margin: 0; padding: .7rem .9rem; overflow-x: auto; flex: 1; line-height: 1.45; border-radius: 8px; }
        .copy button { border: 0; border-left: 1px solid var(--line); border-radius: 0 8px 8px 0; background: none; color: var(--soft);
          min-width: 5.5rem; }
        td .copy, li .copy { margin-top: .4rem; }
        td .copy pre { padding: .35rem .6rem; }
        td .copy button { min-width: 4.5rem; padding: 0 .5rem; font-size: .8125rem; }
        .pick { display: flex; gap: .25rem; flex-wrap: wrap; margin: 1rem 0 0 -.75rem; }
        .pick a { padding: .3rem .75rem; border-radius: 999px; text-decoration: none; color: var(--soft); font-size: .9375rem; }
        .pick a:hover { background: var(--shade); }
        .pick a[aria-current] { background: var(--ink); color: var(--paper); }

        .tabs { display: flex; gap: 1.5rem; border-bottom: 1px solid var(--line); margin-top: 1.5rem; overflow-x: auto; }
        .tabs a { padding: .5rem 0; color: var(--soft); text-decoration: none; white-space: nowrap; border-bottom: 3px solid transparent; }
        .tabs a:hover { color: var(--ink); }
        .tabs [aria-current] { color: var(--ink); font-weight: 600; border-color: var(--accent); }
        .tabs a:focus-visible { outline-offset: -3px; }
        .count { color: var(--faint); font-weight: 400; margin-left: .35rem; }

        .badge { display: inline-block; font-size: .8125rem; font-weight: 600; border-radius: 4px; padding: .05rem .45rem;
          background: var(--shade); color: var(--soft); border: 1px solid var(--line); white-space: nowrap; }
        .badge.ok { color: var(--ok); background: var(--ok-bg); border-color: transparent; }
        .badge.warn { color: var(--warn); background: var(--warn-bg); border-color: transparent; }
        .badge.bad { color: var(--bad); background: var(--bad-bg); border-color: transparent; }
        .badge.note { color: var(--note); background: var(--note-bg); border-color: transparent; }
        .notice { border-left: 4px solid var(--line); padding: .75rem 1rem; background: var(--shade); margin: 1.25rem 0 0;
          border-radius: 0 6px 6px 0; overflow-wrap: anywhere; }
        .notice.ok { border-color: var(--ok); background: var(--ok-bg); }
        .notice.warn { border-color: var(--warn); background: var(--warn-bg); }
        .notice.bad { border-color: var(--bad); background: var(--bad-bg); }
        .notice p { margin: 0; }
        .notice p + p { margin-top: .4rem; }

        table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
        caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }
        th { text-align: left; font-size: .8125rem; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line);
          padding: .4rem .75rem .4rem 0; white-space: nowrap; }
        td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
        tr:hover > td { background: var(--shade); }
        td:first-child, th:first-child { padding-left: .5rem; }
        .num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td.act { text-align: right; white-space: nowrap; }
        td.act form { margin: 0; }
        tbody > tr > td:first-child { min-width: 9rem; }
        .faint { color: var(--faint); }
        .small { font-size: .875rem; }
        time { white-space: nowrap; }
        /* The title has the exact time. */
        [data-times=exact] time { font-size: 0; }
        [data-times=exact] time::after { content: attr(title); font-size: .9375rem; }
        .digest { overflow-wrap: anywhere; }
        .wide { overflow-x: auto; margin-top: 1rem; }
        dl.facts { margin: 0; font-size: .9375rem; }
        .facts dt { color: var(--faint); font-size: .8125rem; margin-top: .8rem; }
        .facts dd { margin: .1rem 0 0; overflow-wrap: anywhere; }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 1rem; padding: 0;
          list-style: none; margin: 1rem 0; }
        .cards li { border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1rem; background: var(--raise); }
        .cards a { font-weight: 600; margin-right: .25rem; overflow-wrap: anywhere; }
        .cards p { margin: .3rem 0 0; color: var(--soft); font-size: .9375rem; }
        .results { list-style: none; padding: 0; margin: 1rem 0 0; }
        .results > li { border-bottom: 1px solid var(--line); padding: 1rem 0 1.1rem; }
        .results h2 { margin: 0; font-size: 1.0625rem; display: inline; overflow-wrap: anywhere; }
        .results .copy { margin-top: .6rem; }
        .steps { counter-reset: step; list-style: none; padding: 0; margin: 1.25rem 0 0; }
        .steps > li { counter-increment: step; position: relative; padding: 0 0 1.1rem 2.25rem; overflow-wrap: anywhere; }
        .steps > li::before { content: counter(step); position: absolute; left: 0; top: .1rem; width: 1.5rem; height: 1.5rem;
          border-radius: 50%; background: var(--shade); border: 1px solid var(--line); text-align: center; font-size: .8125rem;
          line-height: 1.4rem; color: var(--soft); }
        .steps > .stop::before { background: var(--bad-bg); color: var(--bad); border-color: var(--bad); }
        .steps > .take::before { background: var(--ok-bg); color: var(--ok); border-color: var(--ok); }
        .prose { overflow-wrap: anywhere; max-width: 48rem; unicode-bidi: isolate; }
        .prose > :first-child { margin-top: 0; }
        .prose h2 { font-size: 1.375rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
        .prose h3 { font-size: 1.125rem; font-weight: 700; color: var(--ink); margin: 1.75rem 0 .5rem; }
        .prose h4, .prose h5, .prose h6 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
        .prose p, .prose ul, .prose ol, .prose blockquote { margin: 0 0 1rem; }
        .prose ul, .prose ol { padding-left: 1.75rem; }
        .prose li { margin: .2rem 0; }
        .prose li > ul, .prose li > ol { margin-bottom: 0; }
        .prose blockquote { border-left: 3px solid var(--line); padding-left: 1rem; color: var(--soft); }
        .prose hr { border: 0; border-top: 1px solid var(--line); margin: 1.5rem 0; }
        .prose code { background: var(--shade); border-radius: 4px; padding: .1em .3em; }
        .prose pre { border: 1px solid var(--line); border-radius: 8px; background: var(--shade); padding: .8rem 1rem; overflow-x: auto;
          line-height: 1.45; margin: 0 0 1rem; overflow-wrap: normal; }
        .prose pre code { background: none; padding: 0; }
        .prose .wide { margin: 0 0 1rem; }
        .prose table { width: auto; }
        .prose .image { color: var(--soft); }
        .prose .image::before { content: "▣ "; }
        .shown { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; background: #fff; }
        pre.plain { margin: 0; padding: 0; overflow-x: auto; white-space: pre-wrap; max-width: none; line-height: 1.45; }
        .form label { display: block; font-weight: 600; font-size: .875rem; margin-top: 1rem; }
        .form .hint { color: var(--faint); font-size: .875rem; margin: .2rem 0 0; }
        .form input, .form select { margin-top: .25rem; }
        .form button { margin-top: 1.25rem; }
        .filter { display: flex; gap: .5rem; max-width: 30rem; margin-top: 1.25rem; }
        .pages { display: flex; gap: 1rem; margin-top: 1rem; }
        footer { border-top: 1px solid var(--line); color: var(--faint); font-size: .8125rem; }
        footer p { max-width: 76rem; margin: 0 auto; padding: 1rem 1.5rem; }
        footer a { color: var(--soft); }
        [hidden] { display: none !important; }
        @media (max-width: 60rem) { .two { grid-template-columns: minmax(0, 1fr); gap: 1.5rem; } }
        @media (max-width: 40rem) {
          .bar > div { flex-wrap: wrap; padding: .6rem 1rem; }
          .bar search { order: 3; flex-basis: 100%; }
          .bar nav { gap: .9rem; }
          .page { padding: 1rem 1rem 3rem; }
          footer p { padding: 1rem; }
        }
        @media (prefers-reduced-motion: no-preference) { a, button { transition: color .1s, border-color .1s; } }
        @media print { .bar, footer, .pick, .tabs, .copy button, .filter, .skip { display: none; } .copy pre { white-space: pre-wrap; } }

        """
}
