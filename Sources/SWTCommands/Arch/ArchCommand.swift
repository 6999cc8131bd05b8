internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole
internal import SWTReports
internal import SWTTensorFiles

/// `pth2swt arch`: a network's layer table, as in the papers.
struct Arch: Command {
  static let spec = CommandSpec(
    "arch", "Show a network's layer table, as in the papers: shapes, parameters, multiply-adds.",
    operands: [
      .init(
        "NAME", "The network, such as resnext50_32x4d; if omitted, all are listed.", optional: true,
        of: .words(Architecture.published.map(\.name)))
    ],
    options: [
      .value(
        "compare", "NAME", "Show a second network beside it.", of: .words(Architecture.published.map(\.name))
      ),
      .value("size", "PIXELS", "Height and width of the image (default: 224; 32 for CIFAR networks)."),
    ],
    examples: [
      .init("pth2swt arch", "Which networks are there?"),
      .init("pth2swt arch resnext50_32x4d --compare resnet50", "Table 1 of the ResNeXt paper."),
    ])

  let name: String?
  let other: String?
  let size: Int?
  let json: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    name = arguments.operands.first
    other = arguments.value("compare")
    size = arguments.has("size") ? try arguments.integer("size", in: 1...4096, default: 224) : nil
    json = arguments.has("json")
    if name == nil, other != nil { throw UsageError("--compare needs a NAME to compare with") }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    let names = [name, other].compactMap { $0 }
    let shown = names.isEmpty ? Architecture.published.map(\.name) : names
    var tables: [Entry] = []
    for name in shown {
      let architecture = try Architecture.find(name)
      let size = size ?? architecture.imageSize
      tables.append((name, architecture, size, LayerTable(LayerTree(architecture), imageSize: size)))
    }
    if json {
      console.document(document(tables).text(pretty: true) + "\n")
    } else if names.isEmpty {
      console.write(overview(tables))
    } else {
      console.write(names.count == 1 ? single(tables[0]) : comparison(tables[0], tables[1]))
    }
    return .success
  }

  private typealias Entry = (name: String, architecture: Architecture, size: Int, table: LayerTable)

  private func overview(_ tables: [Entry]) -> String {
    let rows = tables.map { [$0.name, millions($0.table.parameters), billions($0.table.multiplyAdds)] }
    return Text.table([["network", ">parameters", ">multiply-adds"]] + rows)
  }

  private func single(_ entry: Entry) -> String {
    var rows = [["layer", ">output", "kernels", ">parameters", ">multiply-adds"]]
    for row in entry.table.rows {
      rows.append([
        row.name, "\(row.outputSize)×\(row.outputSize)", row.description, Text.grouped(row.parameters),
        Text.grouped(row.multiplyAdds),
      ])
    }
    rows.append([
      "total", "", "", Text.grouped(entry.table.parameters), Text.grouped(entry.table.multiplyAdds),
    ])
    return "\(entry.name), \(entry.size)×\(entry.size) image\n\n" + Text.table(rows)
  }

  private func comparison(_ a: Entry, _ b: Entry) -> String {
    var rows = [["layer", ">output", a.name, b.name]]
    for i in 0..<max(a.table.rows.count, b.table.rows.count) {
      let left = i < a.table.rows.count ? a.table.rows[i] : nil
      let right = i < b.table.rows.count ? b.table.rows[i] : nil
      let output = (left ?? right).map { "\($0.outputSize)×\($0.outputSize)" } ?? ""
      rows.append([(left ?? right)?.name ?? "", output, left?.description ?? "", right?.description ?? ""])
    }
    let sizes =
      a.size == b.size
      ? "\(a.size)×\(a.size) image" : "images of \(a.size)×\(a.size) and \(b.size)×\(b.size)"
    var text = "\(sizes)\n\n" + Text.table(rows) + "\n"
    var totals = [["", ">\(a.name)", ">\(b.name)", ">ratio"]]
    totals.append([
      "parameters", millions(a.table.parameters), millions(b.table.parameters),
      ratio(a.table.parameters, b.table.parameters),
    ])
    totals.append([
      "multiply-adds", billions(a.table.multiplyAdds), billions(b.table.multiplyAdds),
      ratio(a.table.multiplyAdds, b.table.multiplyAdds),
    ])
    for stage in 0..<min(a.architecture.layers.count, b.architecture.layers.count) {
      let (left, right) = (a.architecture.width(stage: stage), b.architecture.width(stage: stage))
      totals.append(["3×3 width, layer\(stage + 1)", "\(left)", "\(right)", ratio(left, right)])
    }
    text += Text.table(totals)
    return text
  }

  private func millions(_ count: Int) -> String { "\(Text.fixed(Double(count) / 1e6, 1)) M" }
  private func billions(_ count: Int) -> String { "\(Text.fixed(Double(count) / 1e9, 1)) G" }
  private func ratio(_ a: Int, _ b: Int) -> String { "\(Text.fixed(Double(a) / Double(b), 2))×" }

  private func document(_ tables: [Entry]) -> JSONValue {
    [
      "schema": "pth2swt.arch/1",
      "image_size": .int(size ?? (Set(tables.map(\.size)).count == 1 ? tables[0].size : 224)),
      "networks": .array(
        tables.map { entry in
          [
            "name": .string(entry.name), "architecture": entry.architecture.json(family: "torchvision"),
            "image_size": .int(entry.size), "parameters": .int(entry.table.parameters),
            "multiply_adds": .int(entry.table.multiplyAdds),
            "layers": .array(
              entry.table.rows.map { row in
                [
                  "name": .string(row.name), "kernels": .string(row.description),
                  "output_size": .int(row.outputSize), "parameters": .int(row.parameters),
                  "multiply_adds": .int(row.multiplyAdds),
                ]
              }),
          ]
        }),
    ]
  }
}
