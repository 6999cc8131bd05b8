internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTTensorFiles

/// `pth2swt set-meta`: changes metadata, leaving the tensors as they are.
struct SetMeta: Command {
  static let spec = CommandSpec(
    "set-meta", "Change the metadata of a .swt file; its tensors stay the same, bit for bit.",
    operands: [
      .init("FILE.swt", "The weight file; it is replaced atomically."),
      .init("KEY=VALUE", "What to set. Keys of your own start with 'x.'.", optional: true, repeated: true),
    ],
    options: [
      .value("remove", "KEY", "Remove a key; repeatable."),
      .value("labels", "FILE", "Class names, one per line."),
      .value(
        "type", "TYPE",
        "Type of the values: text (default), i64, f64, bool, json, or the comma-separated i64[] and f64[]. "
          + "Keys of the format have fixed types."),
      .value("output", "OUT", "Write a new file instead.", short: "o", of: .path),
      .flag(
        "force", "Allow keys that describe the file (arch., source., swt. …); replace an existing OUT."),
    ],
    examples: [
      .init("pth2swt set-meta model.swt license=MIT x.acme.run=42", "Set two text values."),
      .init("pth2swt set-meta model.swt x.acme.score=0.81 --type f64", "Set a number."),
      .init("pth2swt set-meta model.swt --labels classes.txt --remove x.acme.run", "Name the classes."),
    ])

  let path: String
  let output: String?
  let changes: [String: SWTValue]
  let removals: [String]
  let labelsPath: String?
  let force: Bool
  let json: Bool
  let quiet: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    output = arguments.value("output")
    labelsPath = arguments.value("labels")
    force = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
    let names = MetadataType.allCases.map(\.rawValue)
    let type = MetadataType(rawValue: try arguments.choice("type", names, default: ""))
    var changes: [String: SWTValue] = [:]
    var seen = Set(labelsPath == nil ? [] : ["labels"])
    for setting in arguments.operands.dropFirst() {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw UsageError("set-meta expects KEY=VALUE, not '\(setting)'") }
      let key = String(parts[0])
      try Self.checkKey(key, &seen, force: force)
      changes[key] = try MetadataKeys.value(String(parts[1]), of: key, type)
    }
    removals = arguments.all("remove")
    for key in removals { try Self.checkKey(key, &seen, force: force) }
    guard !seen.isEmpty else { throw UsageError("set-meta needs KEY=VALUE, --remove KEY or --labels FILE") }
    self.changes = changes
  }

  private static func checkKey(_ key: String, _ seen: inout Set<String>, force: Bool) throws(UsageError) {
    guard MetadataKeys.isKey(key) else {
      throw UsageError("a key consists of a-z, 0-9, _ and ., unlike '\(key)'")
    }
    guard seen.insert(key).inserted else { throw UsageError("\(key) is given twice") }
    guard force || !MetadataKeys.isProtected(key) else {
      throw UsageError("\(key) describes the file; --force changes it anyway")
    }
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    if let output, FileIdentity.areSame(path, output) {
      throw CommandFailure(
        .outputFailed, file: output, "the output is the input", hint: "omit -o to change the file in place")
    }
    try OutputFile.requireOther(output, than: [labelsPath].compactMap(\.self))
    var edit: SWTMetadataEdit
    do throws(SWTEditError) {
      edit = try SWTMetadataEdit(path: path)
    } catch {
      throw CommandFailure(editing: path, to: output ?? path, error)
    }
    try apply(to: &edit)
    let oldID = edit.file.contentID(using: SystemDigests())
    let target = output ?? path
    // Compared key by key, because an unchanged NaN does not equal itself.
    let isChanged = (removals + changes.keys + ["labels"]).contains {
      edit.metadata[$0] != edit.file.metadata($0)
    }
    var newID = oldID
    if isChanged || output != nil {
      do throws(SWTEditError) {
        newID = try edit.write(
          to: target, digests: SystemDigests(), replaceExisting: output == nil || force
        ).contentID
      } catch {
        throw CommandFailure(editing: path, to: target, error)
      }
    }
    let signature = SignedFile.sidecar(of: target)
    let isStale = newID != oldID && FileIdentity(signature) != nil
    report(console, target, oldID, newID, isChanged: isChanged)
    if isStale {
      console.note("pth2swt: warning: \(signature) signs the previous contents: sign the file again")
    }
    return .success
  }

  private func apply(to edit: inout SWTMetadataEdit) throws(CommandFailure) {
    for key in removals {
      guard edit.metadata.removeValue(forKey: key) != nil else {
        let hint = EditDistance.nearest(to: key, in: edit.metadata.keys.sorted()).map {
          "did you mean \($0)?"
        }
        throw CommandFailure(.usage, file: path, "there is no key \(key) to remove", hint: hint)
      }
    }
    edit.metadata.merge(changes) { _, new in new }
    guard let labelsPath else { return }
    let labels = try Convert.readLabels(labelsPath)
    if edit.metadata["arch.block"] != nil {
      let classes: Int? =
        if case .integer(let count) = edit.metadata["arch.num_classes"] { Int(count) } else { nil }
      guard labels.count == classes else {
        throw CommandFailure(
          .weightsDiffer, file: path,
          "there are \(labels.count) labels for \(classes.map(String.init) ?? "no") classes")
      }
    }
    edit.metadata["labels"] = .text(labels.joined(separator: "\n"))
  }

  private func report(
    _ console: Console, _ target: String, _ oldID: SHA256Digest?, _ newID: SHA256Digest?, isChanged: Bool
  ) {
    let (old, new) = ("swt1:\(oldID?.hex ?? "")", "swt1:\(newID?.hex ?? "")")
    if json {
      let set = changes.keys.sorted() + (labelsPath == nil ? [] : ["labels"])
      let document: JSONValue = [
        "schema": "pth2swt.set-meta/1", "file": .string(path), "output": .string(target),
        "set": .array(set.map { .string($0) }), "removed": .array(removals.map { .string($0) }),
        "changed": .bool(isChanged), "old_content_id": .string(old), "content_id": .string(new),
      ]
      console.document(document.text(pretty: true) + "\n")
    } else if !quiet {
      console.line("\(target): metadata \(isChanged ? "changed" : "unchanged")")
      console.line("  content id  \(new)")
      if old != new { console.line("  before      \(old)") }
    }
  }
}

extension CommandFailure {
  fileprivate init(editing path: String, to output: String, _ error: SWTEditError) {
    switch error {
    case .input(let error): self.init(reading: path, error)
    case .foreign(let text):
      self.init(
        .inputUnreadable, file: path, "its metadata cannot be changed: \(text)", hint: "convert it again")
    case .contents(let error): self.init(.outputFailed, file: output, "\(error)")
    case .output(let failure): self.init(writing: output, failure)
    }
  }
}
