/// Nested lists that expand and collapse by pointer and keyboard, without scripts.
package enum HTMLTree {
  /// A number in a line; screen readers read it with its unit.
  package struct Cell {
    let text: String
    /// The unit read after the number.
    let unit: String
    let kind: String

    package init(_ text: String, unit: String, kind: String = "n") {
      (self.text, self.unit, self.kind) = (text, unit, kind)
    }

    var html: String {
      "<span class=\"\(kind)\">\(text)"
        + (unit.isEmpty || text.isEmpty ? "" : "<span class=\"vh\"> \(unit)</span>") + "</span>"
    }
  }

  /// A line with children.
  ///
  /// - Parameters:
  ///   - name: The name; it is escaped here.
  ///   - note: HTML after the name.
  ///   - cells: The numbers.
  ///   - picture: HTML at the end of the line.
  ///   - inside: HTML shown when the line is expanded.
  ///   - id: Target of links.
  ///   - isOpen: Whether the line is initially expanded.
  /// - Returns: A list item.
  package static func branch(
    _ name: String, note: String = "", _ cells: [Cell], picture: String = "", inside: String,
    id: String? = nil,
    isOpen: Bool = false
  ) -> String {
    // A link to an element inside expands the line; a link to the line itself would not.
    let target = id.map { "<div id=\"\($0)\">\n\(inside)</div>" } ?? inside
    return
      "<li><details\(isOpen ? " open" : "")><summary>\(line(name, note, cells, picture))</summary>\n\(target)"
      + "</details></li>\n"
  }

  /// A line without children.
  package static func leaf(_ name: String, note: String = "", _ cells: [Cell], picture: String = "") -> String
  {
    "<li><div class=\"leaf\">\(line(name, note, cells, picture))</div></li>\n"
  }

  /// A line of text.
  package static func remark(_ html: String) -> String { "<li class=\"remark\">\(html)</li>\n" }

  package static func list(_ items: String, label: String? = nil) -> String {
    "<ul\(label.map { " class=\"tree\" aria-label=\"\(XMLText.escaped($0))\"" } ?? "")>\n\(items)</ul>\n"
  }

  private static func line(_ name: String, _ note: String, _ cells: [Cell], _ picture: String) -> String {
    content(name, note: note, cells, picture: picture)
  }

  /// The content of a line, for callers that build the line themselves.
  package static func content(_ name: String, note: String, _ cells: [Cell], picture: String = "") -> String {
    "<span class=\"name\"><bdi>\(XMLText.escaped(name))</bdi>\(note.isEmpty ? "" : " \(note)")</span>"
      + cells.map(\.html).joined() + "<span class=\"p\">\(picture)</span>"
  }

  /// A heading above the columns; screen readers skip it.
  package static func heading(_ name: String, _ cells: [String], _ picture: String) -> String {
    "<div class=\"treehead\" aria-hidden=\"true\"><span>\(name)</span>"
      + cells.map { "<span class=\"n\">\($0)</span>" }.joined() + "<span>\(picture)</span></div>\n"
  }

  /// A bar that shows a share of a whole.
  package static func meter(_ share: Double) -> String {
    let width = SVGChart.number(min(max(share, 0), 1) * 120)
    return "<svg class=\"meter\" viewBox=\"0 0 120 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      + "<rect class=\"was\" width=\"120\" height=\"10\" rx=\"2\" opacity=\".35\"/>"
      + "<rect class=\"bars\" width=\"\(width)\" height=\"10\" rx=\"2\"/></svg>"
  }

  // swift-format-ignore
  package static let style = """
    .vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); \
    white-space: nowrap; }
    .neutral { border-top-color: var(--one); } .neutral .stamp { background: var(--band); color: var(--ink); }
    .attention { border-top-color: var(--warn); } .attention .stamp { background: var(--band); \
    color: var(--ink); }
    .tree, .tree ul { list-style: none; margin: 0; padding: 0; } \
    .tree ul { padding-left: 18px; border-left: 1px solid var(--line); margin-left: 6px; }
    .tree details { margin: 0; }
    .tree summary, .tree .leaf, .treehead { display: grid; \
    grid-template-columns: minmax(0, 1fr) 108px 88px 68px 124px; gap: 0 12px; align-items: center;
      width: auto; padding: 3px 0 3px 20px; font-weight: 400; position: relative; border-radius: 4px; }
    .treehead { font-size: 12px; color: var(--soft); border-bottom: 1px solid var(--line); \
    margin-bottom: 4px; }
    .tree summary::-webkit-details-marker { display: none; } .tree summary { list-style: none; }
    .tree summary::before { content: ""; position: absolute; left: 5px; top: 10px; width: 6px; height: 6px; \
    border: solid var(--soft);
      border-width: 0 1.6px 1.6px 0; transform: rotate(-45deg); }
    .tree details[open] > summary::before { transform: rotate(45deg); top: 8px; } \
    .tree details[open] > summary { margin: 0; }
    .tree summary:hover { background: var(--grid); } .tree .name { overflow-wrap: anywhere; } \
    .tree .name bdi { font-weight: 600; }
    .tree .leaf .name bdi, .tree .tensor bdi { font-weight: 400; }
    .tree .shape { color: var(--soft); font-size: 13px; } .tree .p { line-height: 0; }
    .tree .remark { color: var(--soft); font-size: 13px; padding: 3px 0 5px 20px; overflow-wrap: anywhere; }
    .meter { width: 120px; height: 8px; display: block; } \
    .mini { width: 120px; height: 22px; display: block; } .mini path { fill: var(--one); }
    .flag { display: inline-block; font-size: 12px; font-weight: 600; color: var(--warn); \
    border: 1px solid currentColor; border-radius: 4px; padding: 0 5px;
      line-height: 1.4; margin-left: 2px; } .flag.hot { color: var(--bad); }
    .values { display: grid; grid-template-columns: minmax(0, 480px) minmax(200px, 1fr); gap: 12px 26px; \
    padding: 10px 4px 14px 20px; }
    .values dl, .facts { margin: 0; padding: 0; border: 0; grid-template-columns: auto 1fr; gap: 2px 14px; \
    align-content: start; font-size: 13px; }
    .values dl > div, .facts > div { display: contents; } .values dd, .facts dd { margin: 0; } \
    .values dt, .facts dt { font-size: 13px; }
    .values figcaption { margin: 4px 0 0; } .values p { font-size: 13px; color: var(--soft); \
    grid-column: 1 / -1; overflow-wrap: anywhere; }
    .cell { stroke: var(--line); stroke-width: 1; } .cell0 { fill: var(--cell0); } \
    .cell1 { fill: var(--cell1); } .cell2 { fill: var(--cell2); } .cell3 { fill: var(--cell3); }
    .part { fill: var(--card); stroke: var(--line); stroke-width: 1; fill-opacity: .72; } \
    .spread { fill: var(--band); }
    :root { --cell0: #dfe8fb; --cell1: #efe4f7; --cell2: #dff0ea; --cell3: #f6ecd9; }
    @media (prefers-color-scheme: dark) { :root { --cell0: #223250; --cell1: #382a49; --cell2: #1d3a33; \
    --cell3: #40341f; } }
    .findings h3 { margin-top: 14px; } .findings h3:first-child { margin-top: 0; } \
    .findings .plain { margin-top: 2px; }
    dl + .detail { margin-top: 14px; }
    .plain .hot { color: var(--bad); font-weight: 600; }
    ul.plain { list-style: none; margin: 10px 0 0; padding: 0; font-size: 14px; } \
    ul.plain li { padding: 3px 0; overflow-wrap: anywhere; }
    .tree [id] { scroll-margin-top: 56px; } .long { display: inline-block; white-space: normal; \
    overflow-wrap: anywhere; min-width: 12em; max-width: 52em; }
    th[scope=row] { overflow-wrap: anywhere; white-space: normal; min-width: 17em; }
    @media (max-width: 760px) {
      th[scope=row] { min-width: 9em; }
      .treehead { display: none; } .tree summary, .tree .leaf { display: flex; flex-wrap: wrap; gap: 0 12px; }
      .tree .name { flex: 0 0 100%; } .tree .n { font-size: 13px; color: var(--soft); white-space: nowrap; \
    } .tree .n:empty, .tree .p:empty { display: none; } .tree ul { padding-left: 6px; margin-left: 4px; } \
    .tree .meter { display: none; }
      .tree .n .vh { position: static; width: auto; height: auto; clip-path: none; }
      .tree .p svg { width: 72px; } .values { grid-template-columns: minmax(0, 1fr); padding-left: 8px; }
    }
    @media (max-width: 520px) { .values svg.chart text { font-size: 20px; } }
    @media (prefers-reduced-motion: no-preference) { .tree summary::before { transition: transform .12s; } }
    @media print { .card { break-inside: auto; } h2, h3 { break-after: avoid; } \
    .values { break-inside: avoid; } .tree summary::before { display: none; } .cell, .part { fill: #fff; } }
    @media (forced-colors: active) { .mini path, .bars { fill: CanvasText; } \
    .cell, .part { fill: Canvas; stroke: CanvasText; } }
    """
}
