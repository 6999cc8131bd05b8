/// The style of pages: one column of text, thin lines, two accents, and color only for verdicts.
package enum HTMLStyle {
  // swift-format-ignore
  package static let text = """
    :root {
      color-scheme: light dark;
      --page: #f7f7f5; --card: #ffffff; --ink: #1b1f27; --soft: #59616e; --line: #e3e4e1; --grid: #eceded;
      --one: #2a5bd7; --two: #8444b8; --band: #2a5bd714; --good: #17744a; --bad: #bf2237; --warn: #8a5a00;
      --goodwash: #e7f3ec; --badwash: #fbeaec; --bar: #b9bfca;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #101318; --card: #171b22; --ink: #e8ebf0; --soft: #9aa5b4; --line: #2a303a; --grid: #232933;
        --one: #7fa8ff; --two: #c99bf2; --band: #7fa8ff1c; --good: #5ccb95; --bad: #ff8490; --warn: #e8b75a;
        --goodwash: #14291f; --badwash: #321a20; --bar: #566072;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
      font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      font-variant-numeric: tabular-nums; }
    main { max-width: 1080px; margin: 0 auto; padding: 40px 28px 56px; }
    h1 { font-size: 30px; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; margin: 0; \
    overflow-wrap: anywhere; }
    h2 { font-size: 20px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin: 0; \
    overflow-wrap: anywhere; }
    h3 { font-size: 14px; font-weight: 650; margin: 0 0 2px; }
    p { margin: 0; } a { color: var(--one); }
    code, .mono { font: 13px/1.5 ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, \
    "Liberation Mono", monospace; overflow-wrap: anywhere; }
    .eyebrow { font-size: 12px; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; \
    color: var(--soft); margin-bottom: 6px; }
    .soft { color: var(--soft); } .card > .soft { margin-top: 10px; font-size: 14px; }
    .mark { width: 1em; height: 1em; vertical-align: -.14em; margin-right: .38em; fill: none; \
    stroke: currentColor; stroke-width: 2.6;
      stroke-linecap: round; stroke-linejoin: round; }
    .good { color: var(--good); font-weight: 600; white-space: nowrap; } \
    .bad { color: var(--bad); font-weight: 600; white-space: nowrap; }
    .warn { color: var(--warn); font-weight: 600; }
    .verdict { border-top: 5px solid var(--good); background: var(--card); \
    border-radius: 4px 4px 12px 12px; padding: 26px 30px 28px;
      box-shadow: 0 0 0 1px var(--line); }
    .verdict.failed { border-top-color: var(--bad); }
    .stamp { display: inline-flex; flex-wrap: wrap; align-items: baseline; gap: 0 12px; margin: 16px 0 0; \
    padding: 5px 16px 6px 13px; border-radius: 8px;
      background: var(--goodwash); color: var(--good); font-size: 19px; }
    .failed .stamp { background: var(--badwash); color: var(--bad); }
    .stamp strong { font-weight: 680; } .stamp .mark { margin-right: -3px; align-self: center; }
    .stamp span { font-size: 15px; }
    .lead { font-size: 19px; line-height: 1.45; margin-top: 16px; max-width: 46em; overflow-wrap: anywhere; \
    text-wrap: pretty; }
    .lead + .detail { margin-top: 6px; } .detail { color: var(--soft); max-width: 60em; \
    overflow-wrap: anywhere; }
    dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 14px 28px; \
    margin: 24px 0 0; padding-top: 20px;
      border-top: 1px solid var(--line); }
    dt { font-size: 12px; color: var(--soft); } dd { margin: 1px 0 0; overflow-wrap: anywhere; } \
    dl .wide { grid-column: 1 / -1; }
    section { margin-top: 40px; } section > .sub { color: var(--soft); margin-top: 3px; max-width: 60em; \
    overflow-wrap: anywhere; }
    ul.findings { list-style: none; margin: 14px 0 0; padding: 0; }
    ul.findings li { padding: 9px 0 9px 14px; border-left: 3px solid var(--line); margin-top: 8px; \
    background: none; overflow-wrap: anywhere; }
    ul.findings li.hot { border-left-color: var(--bad); } ul.findings li b { font-weight: 650; }
    .card { background: var(--card); box-shadow: 0 0 0 1px var(--line); border-radius: 10px; \
    padding: 18px 20px; margin: 16px 0 0; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; align-items: stretch; \
    margin-top: 16px; } .pair > .card { margin: 0; min-width: 0; }
    figure { margin: 0; } figcaption { color: var(--soft); font-size: 13px; line-height: 1.45; \
    margin-bottom: 10px; }
    figcaption h3 { color: var(--ink); }
    .scroll { overflow-x: auto; } .scroll:focus-visible, summary:focus-visible { \
    outline: 2px solid var(--one); outline-offset: 3px; border-radius: 4px; }
    svg.chart { display: block; width: 100%; height: auto; overflow: visible; }
    svg.chart text { font: 11.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; \
    fill: var(--soft); font-variant-numeric: tabular-nums; }
    svg.chart .ink { fill: var(--ink); } svg.chart .strong { font-weight: 650; fill: var(--ink); }
    svg.chart .hot { fill: var(--bad); font-weight: 650; }
    .grid { stroke: var(--grid); stroke-width: 1; } .axis { stroke: var(--line); stroke-width: 1; }
    .band { fill: var(--band); } .limit { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 3; \
    fill: none; }
    .floor { stroke: var(--soft); stroke-width: 1; fill: none; opacity: .65; }
    .one { stroke: var(--one); fill: none; stroke-width: 2; stroke-linejoin: round; } \
    .two { stroke: var(--two); fill: none; stroke-width: 2; stroke-linejoin: round; }
    .onedot { fill: var(--one); stroke: var(--card); stroke-width: 1.5; } \
    .twodot { fill: var(--two); stroke: var(--card); stroke-width: 1.5; }
    .baddot { fill: var(--bad); stroke: var(--card); stroke-width: 1.5; } \
    .badline { stroke: var(--bad); stroke-width: 1.2; stroke-dasharray: 2 3; }
    .bars { fill: var(--one); } .badbars { fill: var(--bad); } .was { fill: var(--bar); } \
    .whisker { stroke: var(--ink); stroke-width: 1.2; fill: none; }
    .points { stroke: var(--one); stroke-width: 3.6; stroke-linecap: round; fill: none; opacity: .5; }
    .badpoints { stroke: var(--bad); stroke-width: 4.4; stroke-linecap: round; fill: none; opacity: .85; }
    .key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--soft); \
    margin: 0 0 8px; }
    .key svg { width: 22px; height: 11px; margin-right: 6px; vertical-align: -1px; overflow: visible; }
    table { border-collapse: collapse; width: 100%; font-size: 14px; } \
    caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); \
    font-weight: 400; white-space: nowrap; vertical-align: baseline; }
    tbody th { color: var(--ink); } thead th { font-size: 12px; color: var(--soft); vertical-align: bottom; \
    } tbody tr:last-child > * { border-bottom: 0; }
    th:last-child, td:last-child { padding-right: 0; } .n { text-align: right; } \
    .gauge { width: 128px; height: 12px; vertical-align: -1px; }
    .tight th, .tight td { padding-top: 3.5px; padding-bottom: 3.5px; font-size: 13px; } \
    .card > details:first-child { margin-top: 0; }
    details { margin-top: 12px; } summary { cursor: pointer; font-size: 14px; font-weight: 600; \
    padding: 4px 0; width: fit-content; }
    details[open] > summary { margin-bottom: 6px; } footer { margin-top: 48px; padding-top: 18px; \
    border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
    footer p { max-width: 62em; } footer p + p { margin-top: 10px; }
    @media (max-width: 760px) {
      main { padding: 0 0 40px; } .verdict { border-radius: 0; padding: 22px 18px 24px; box-shadow: none; \
    border-bottom: 1px solid var(--line); }
      section, footer { margin-left: 18px; margin-right: 18px; } h1 { font-size: 24px; } \
    .lead { font-size: 17px; }
      .pair { grid-template-columns: minmax(0, 1fr); } .card { padding: 14px; } \
    .scroll > svg.chart.wide { min-width: 860px; }
      dl { grid-template-columns: 1fr 1fr; gap: 12px 18px; }
    }
    @media (max-width: 520px) { svg.chart:not(.wide) text { font-size: 15.5px; } }
    @media print {
      :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --grid: #e5e5e5; \
    --one: #2a5bd7; --two: #8444b8; --band: #2a5bd714;
        --good: #17744a; --bad: #bf2237; --goodwash: #fff; --badwash: #fff; --bar: #b9bfca; }
      main { max-width: none; padding: 0; } .card, figure, tr { break-inside: avoid; } \
    .scroll { overflow: visible; }
      details::details-content { content-visibility: visible; block-size: auto; }
    }
    """
}
