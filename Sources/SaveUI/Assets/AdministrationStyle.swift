/// What the pages of administration have beside what all pages have.
enum AdministrationStyle {
    static let text = """
        .admin { display: grid; grid-template-columns: 10.5rem minmax(0, 1fr); gap: 2.5rem; }
        .side { display: flex; flex-direction: column; gap: .1rem; position: sticky; top: 1rem; align-self: start; font-size: .9375rem; }
        .side a { padding: .3rem .7rem; border-radius: 6px; text-decoration: none; color: var(--soft); }
        .side a:hover { background: var(--shade); color: var(--ink); }
        .side [aria-current] { background: var(--shade); color: var(--ink); font-weight: 600; }
        .head > .button { margin-left: auto; }
        .work > h2, .work section > h2, #space > h2 { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
        .work > p, .work > form > p { max-width: 60rem; }
        .work .form { max-width: 34rem; }
        .work label, .work h2, .work p, .side { overflow-wrap: anywhere; }
        /* What cannot be taken back looks like it. */
        .work .risk { border: 1px solid var(--bad); border-radius: 8px; padding: 0 1rem 1.1rem; margin-top: .75rem; }
        .field { margin-top: 1.1rem; }
        .form .field label { margin-top: 0; }
        .form .field .hint { margin: .1rem 0 .2rem; }
        .flag { display: flex; gap: .65rem; align-items: flex-start; margin-top: .9rem; }
        .form .flag label { margin: 0; font-weight: 400; font-size: .9375rem; }
        .form .flag input { width: 1.15rem; height: 1.15rem; min-height: 0; margin: .15rem 0 0; flex: none; accent-color: var(--accent); }
        .flag .hint { margin: 0; }
        fieldset { border: 0; padding: 0; margin: 1.25rem 0 0; }
        legend { font-weight: 600; font-size: .875rem; padding: 0; }
        textarea { display: block; line-height: 1.45; }
        textarea.code { font-family: var(--mono); font-size: .875rem; }
        .fault { color: var(--bad); font-size: .875rem; font-weight: 600; margin: .3rem 0 0; overflow-wrap: anywhere; }
        [aria-invalid] { border-color: var(--bad); border-width: 2px; }
        .buttons { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.25rem 0 0; align-items: center; }
        .form .buttons button, .form .buttons .button { margin-top: 0; }
        form.act { margin: 0; display: inline-block; }
        details { margin-top: 1.25rem; }
        summary { cursor: pointer; font-weight: 600; font-size: .9375rem; padding: .25rem 0; }
        .filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(11rem, 100%), 1fr)); gap: .6rem .9rem; align-items: end;
          margin-top: 1.25rem; }
        .filters label { display: block; font-size: .8125rem; font-weight: 600; color: var(--soft); margin-bottom: .2rem; }
        .filters .buttons { margin: 0; }
        @media (min-width: 40rem) { .filters > :first-child { grid-column: span 2; } }
        .facts.wideways { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(12rem, 100%), 1fr)); gap: 1rem 2rem; }
        .tile { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; background: var(--raise); }
        .tile dt { color: var(--soft); font-size: .8125rem; }
        .tile dd { margin: .15rem 0 0; font-size: 1.375rem; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
        .chart { display: block; width: 100%; height: 2rem; margin-top: 1.25rem; border-radius: 6px; }
        .chart.row { height: .7rem; margin: .3rem 0 0; }
        .chart .files { fill: var(--accent); } .chart .indexes { fill: var(--link); } .chart .free { fill: var(--warn); }
        .chart .rest { fill: var(--line); }
        .legend { list-style: none; padding: 0; margin: .75rem 0 0; display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; font-size: .9375rem; }
        .legend li { display: flex; gap: .5rem; align-items: center; }
        .legend svg { width: .8rem; height: .8rem; border-radius: 3px; margin: 0; flex: none; }
        progress { width: 100%; height: .7rem; accent-color: var(--accent); }
        .details { font-size: .8125rem; overflow-wrap: anywhere; white-space: pre-wrap; margin: 0; }
        td details { margin: 0; min-width: 12rem; }
        td summary { font-weight: 400; font-size: .875rem; color: var(--soft); max-width: 20rem; white-space: nowrap; overflow: hidden;
          text-overflow: ellipsis; padding: 0; }
        .work .results > li:last-child { border-bottom: 0; padding-bottom: 0; }
        .topic { font-weight: 600; border-top: 1px solid var(--line); margin: 1.75rem 0 0; padding-top: 1.25rem; }
        @media (max-width: 60rem) {
          .admin { grid-template-columns: minmax(0, 1fr); gap: 1rem; }
          .side { flex-direction: row; position: static; overflow-x: auto; padding-bottom: .4rem; border-bottom: 1px solid var(--line); }
          .side a { white-space: nowrap; }
          .side a:focus-visible { outline-offset: -3px; }
        }
        @media (max-width: 40rem) {
          .bar nav { flex-wrap: wrap; margin-left: 0; }
          /* A word in each line is worse than a table that goes on at its side. */
          td:not(.num) { min-width: 7rem; }
        }
        @media print { .side { display: none; } .admin { display: block; } }

        """
}
