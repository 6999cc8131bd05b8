internal import PthReader
internal import SWTBytes
internal import SWTResNet
internal import SWTTensorFiles

extension InspectReport {
  /// Prints the report for people.
  ///
  /// Names come from the file: control characters in them are shown, not sent to the terminal.
  func writeText(to console: Console, listsTensors: Bool) {
    console.write(heading)
    guard listsTensors else { return }
    // Rows are printed as they are made; columns are as wide as the first thousand need.
    let sample = (0..<min(tensorCount, 1000)).map { row(tensor($0)) }
    let hashed = sample.contains { $0.count > 4 }
    let heading = ["name", "dtype", "shape", ">bytes"] + (hashed ? ["sha256"] : [])
    let table = Text.Table(heading, sample: sample, indent: "  ")
    var text = "\n" + table.headingLine
    for index in 0..<tensorCount {
      text += table.line(index < sample.count ? sample[index] : row(tensor(index)))
      if text.utf8.count > 1 << 16 {
        console.write(text)
        text = ""
      }
    }
    console.write(text)
  }

  private func row(_ tensor: Tensor) -> [String] {
    let name = Text.printable(tensor.name.isEmpty ? "(the whole file)" : tensor.name)
    return [name, tensor.dtype, "\(tensor.shape)", Text.grouped(tensor.byteCount)]
      + (tensor.sha256.map { [$0] } ?? [])
  }

  private var heading: String {
    var text =
      "\(Text.printable(path)): \(container), \(Text.bytes(byteCount)), \(tensorCount) tensors\n"
    if let architecture {
      let tree = LayerTree(architecture)
      let head = architecture.classCount.map { "\($0) classes" } ?? "headless"
      text +=
        "  architecture  \(architecture.name) (\(head)), \(Text.grouped(tree.parameterCount)) parameters\n"
    } else {
      let known = "no known ResNet or ResNeXt: "
      let reason = misfit.map { $0.hasPrefix(known) ? String($0.dropFirst(known.count)) : $0 }
      text += "  architecture  not a known ResNet or ResNeXt"
      text += (reason.map { ": \(Text.printable($0))" } ?? "") + "\n"
    }
    for (key, value) in metadata where key != "labels" && !key.hasPrefix("golden.") {
      text += "  \(Text.printable(key))  \(Text.printable(value.string ?? value.text()))\n"
    }
    for mention in globals where mention.name.isDangerous {
      text +=
        "  DANGEROUS     names \(Text.printable(mention.name.qualified)) at byte \(mention.offset); "
        + "nothing was executed\n"
    }
    let unknown = globals.filter { !$0.isKnown && !$0.name.isDangerous }
    if !unknown.isEmpty {
      let shown = unknown.prefix(8).map { Text.printable($0.name.qualified) }.joined(separator: ", ")
      let more = unknown.count > 8 ? ", +\(unknown.count - 8) more (--json lists all)" : ""
      text += "  other names   \(shown)\(more)\n"
    }
    for (path, reason) in skipped.prefix(20) {
      text += "  skipped       \(path.isEmpty ? "" : Text.printable(path) + ": ")\(Text.printable(reason))\n"
    }
    if skipped.count > 20 { text += "  skipped       +\(skipped.count - 20) more (--json lists all)\n" }
    return text
  }
}
