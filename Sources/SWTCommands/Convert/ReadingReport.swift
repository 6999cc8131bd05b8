internal import ResNetArchitecture
internal import SWTBytes
internal import SWTConsole
internal import SWTConversion
internal import SWTTensorFiles

// How a network was read, as text and JSON: what was recognized, and where each convention that shapes cannot
// tell comes from.

extension ConversionSummary {
  /// Lines for people; empty for a state dict without a layer tree.
  var readingText: String {
    guard let reading else { return "" }
    let prefix = reading.candidate.prefix
    let place = prefix.isEmpty ? "" : ", under '\(Text.printable(prefix))'"
    var text = "  keys        \(reading.candidate.family)\(place)\n"
    if let known = reading.conventions.text(assumed: false) {
      text += "  function    \(Text.printable(known))\n"
    }
    if let open = reading.conventions.text(assumed: true) { text += "  assumed     \(open)\n" }
    if let input = inputText(reading.conventions) { text += "  input       \(input)\n" }
    for note in noteLines { text += "  note        \(Text.printable(note))\n" }
    for (key, reason) in reading.leftOut.prefix(3) {
      text += "  left out    \(Text.printable(key)): \(reason)\n"
    }
    if reading.leftOut.count > 3 { text += "  left out    +\(reading.leftOut.count - 3) more\n" }
    return text
  }

  var readingJSON: [JSONMember] {
    guard let reading else { return [] }
    return [
      JSONMember("family", .string(reading.candidate.family)),
      JSONMember("prefix", .string(reading.candidate.prefix)),
      JSONMember("official", official.map { .string($0.name) } ?? .null),
      JSONMember("conventions", reading.conventions.json),
      JSONMember("preprocessing", reading.conventions.preprocessing.map { $0.value.json } ?? .null),
      JSONMember("synthesized", .array(reading.synthesized.map { .string($0.name) })),
      JSONMember(
        "left_out", .array(reading.leftOut.map { ["name": .string($0.key), "reason": .string($0.reason)] })),
      JSONMember("notes", .array(noteLines.map { .string($0) })),
    ]
  }

  /// The reading's notes, with what can be done about them.
  var noteLines: [String] {
    (reading?.notes ?? []).map { hasLabels && $0.remedy == .nameClasses ? $0.text : $0.line }
  }

  /// What is known about the input, and how to state what is not; nil if the user stated all of it.
  private func inputText(_ conventions: SettledConventions) -> String? {
    if !statesInput, let known = conventions.inputText { return known }
    let names = ["pre.mean": "mean", "pre.std": "standard deviation", "pre.size": "size"]
    let unknown = unstatedInput.compactMap { names[$0] }
    guard let first = unstatedInput.first, let last = unknown.last else { return nil }
    let list =
      unknown.count > 1 ? "\(unknown.dropLast().joined(separator: ", ")) and \(last) are" : "\(last) is"
    let order = statesInput ? nil : conventions.channels.map { "\($0.value.rawValue) (\($0.witness)), " }
    return "\(order ?? "")\(list) not known; --meta \(first)=… states \(unknown.count > 1 ? "them" : "it")"
  }
}

extension SettledConventions {
  /// `stem 7x7/2/3, pool 3x3/2/1 (the file)`: what witnesses say, or what is assumed; nil if nothing is.
  fileprivate func text(assumed: Bool) -> String? {
    let shown = list.filter { $0.isCounted && ($0.witness == .assumed) == assumed && !isUsual($0) }
    var text: [String] = []
    for (index, convention) in shown.enumerated() {
      // Consecutive conventions with the same witness name it once, after the last of them.
      let isLast = index + 1 == shown.count || shown[index + 1].witness != convention.witness
      let witness = isLast && !assumed ? " (\(Self.text(convention.witness)))" : ""
      text.append("\(convention.summary)\(witness)")
    }
    return text.isEmpty ? nil : text.joined(separator: ", ")
  }

  private static func text(_ witness: Witness) -> String {
    if case .golden = witness { "settled by \(witness)" } else { "\(witness)" }
  }

  /// Whether a convention only repeats what every network of the family has.
  private func isUsual(_ convention: Convention) -> Bool {
    switch convention.name {
    case "activation", "padding_mode", "final_pool", "shortcut": convention.witness != .file
    case "first_dilations": firstDilations.value == dilations.value
    case "head": head.value == nil || head.value?.hasSuffix("fc") == true
    default: false
    }
  }

  /// The preprocessing that the file states or that was published for it; nil if there is none.
  fileprivate var inputText: String? {
    guard let preprocessing else { return nil }
    let value = preprocessing.value
    let range = value.scale == 1 ? "0…255" : "0…1"
    var text = "\(value.channels.rawValue) \(range), mean \(value.mean), std \(value.standardDeviation)"
    if let crop = value.crop {
      text += ", resize \(crop.resize) \(crop.interpolation.rawValue), crop \(crop.size)"
    }
    return "\(text) (\(preprocessing.witness))"
  }

  fileprivate var json: JSONValue {
    .array(
      list.map { convention in
        var members = [
          JSONMember("name", .string(convention.name)), JSONMember("value", convention.value.json),
          JSONMember("from", .string(convention.witness.word)),
        ]
        if convention.witness.description != convention.witness.word {
          members.append(JSONMember("witness", .string(convention.witness.description)))
        }
        if convention.name == "bn_eps", !epsilons.isEmpty {
          let others = epsilons.sorted { $0.key < $1.key }.map { JSONMember($0.key, .double($0.value)) }
          members.append(JSONMember("others", .object(others)))
        }
        return .object(members)
      })
  }
}

extension Convention.Value {
  fileprivate var json: JSONValue {
    switch self {
    case .none: .null
    case .text(let text): .string(text)
    case .number(let value): .double(value)
    case .integers(let values): .array(values.map { .int($0) })
    case .normalization(let mean, let std):
      ["mean": .array(mean.map { .double($0) }), "std": .array(std.map { .double($0) })]
    }
  }
}

extension Preprocessing {
  fileprivate var json: JSONValue {
    var members = [
      JSONMember("channels", .string(channels.rawValue)), JSONMember("scale", .double(scale)),
      JSONMember("mean", .array(mean.map { .double($0) })),
      JSONMember("std", .array(standardDeviation.map { .double($0) })),
    ]
    if let crop {
      members += [
        JSONMember("resize", .int(crop.resize)), JSONMember("size", .int(crop.size)),
        JSONMember("interpolation", .string(crop.interpolation.rawValue)),
      ]
    }
    return .object(members)
  }
}

extension StateDictReading.Note {
  /// The note, and its remedy in terms of options.
  var line: String { remedy.map { "\(text); \($0.option)" } ?? text }
}
