internal import PthReader
internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole

extension InspectPage {
  /// What the file is, and whether something in it needs attention.
  package var header: String {
    let dangerous = report.globals.filter { $0.name.isDangerous }
    let unusual = Set(findings.map(\.index)).count
    let broken = Set(findings.filter { $0.remark.kind == .nonFinite }.map(\.index)).count
    var kind = "neutral"
    var stamp =
      "\(HTMLText.check)<strong>Nothing unusual</strong><span>in \(Self.tensors(leaves.count))</span>"
    if !dangerous.isEmpty {
      kind = "failed"
      stamp =
        "\(HTMLText.cross)<strong>Dangerous</strong>"
        + "<span>it names executable code; nothing was executed</span>"
    } else if broken > 0 {
      kind = "failed"
      stamp =
        "\(HTMLText.cross)<strong>Not finite</strong><span>NaN or infinity in \(Self.tensors(broken))</span>"
    } else if unusual > 0 {
      kind = "attention"
      stamp =
        "<strong>Worth a look</strong>"
        + "<span>\(Text.grouped(unusual)) of \(Text.grouped(leaves.count)) tensors</span>"
    }
    return """
      <header class="verdict \(kind)">
      <p class="eyebrow">pth2swt inspect</p>
      <h1>\(HTMLText.untrusted(HTMLText.name(report.path), 100))</h1>
      <p class="stamp">\(stamp)</p>
      <p class="lead">\(lead)</p>
      \(identity)</header>

      """
  }

  private static func tensors(_ count: Int) -> String {
    count == 1 ? "1 tensor" : "\(Text.grouped(count)) tensors"
  }

  private var lead: String {
    let bytes = Text.bytes(root.bytes)
    var text: String
    if let architecture = report.architecture {
      let parameters = LayerTree(architecture).parameterCount
      text = XMLText.escaped(architecture.name)
      text += " with \(Text.grouped(parameters)) parameters, \(bytes) of values."
    } else {
      text = "\(Self.tensors(leaves.count)), \(bytes) of values; not a known ResNet or ResNeXt."
    }
    if let most = groups.first, root.bytes > 0, groups.count > 1 {
      text +=
        " \(HTMLText.untrusted(String(most.label), 60)) is "
        + "\(HTMLText.percent(Double(most.bytes) / Double(root.bytes))) of it."
    }
    return text
  }

  private var identity: String {
    var items: [(String, String)] = [
      ("Container", XMLText.escaped(report.container)), ("File", Text.bytes(report.byteCount)),
      ("Tensors", Text.grouped(leaves.count)),
    ]
    if let architecture = report.architecture {
      items.append(("Classes", architecture.classCount.map { Text.grouped($0) } ?? "headless"))
      if let family = report.family { items.append(("Names", XMLText.escaped("those of \(family)"))) }
    } else {
      items.append(("Parameters", Text.grouped(root.parameters)))
    }
    if let quantized = report.quantized {
      items.append(("Quantized", HTMLText.untrusted(quantized.sentence)))
    }
    var types: [String: Int] = [:]
    for leaf in leaves { types[leaf.dtype, default: 0] += 1 }
    let listed = types.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8)
    if !listed.isEmpty {
      items.append(
        (
          "Types",
          listed.map { "\(Text.grouped($0.value)) \(XMLText.escaped($0.key))" }.joined(separator: ", ")
        ))
    }
    var html = HTMLText.facts(items)
    if let misfit = report.misfit {
      html += "<p class=\"detail\">No architecture: \(HTMLText.untrusted(misfit.message, 400))</p>\n"
    }
    return html
  }
}
