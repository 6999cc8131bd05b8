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
    text += "  assumed     \(reading.conventions.text)\n"
    text += "  input       \(reading.conventions.inputText)\n"
    for note in reading.notes { text += "  note        \(Text.printable(note.line))\n" }
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
      JSONMember("notes", .array(reading.notes.map { .string($0.line) })),
    ]
  }
}

extension SettledConventions {
  /// `stride on the 3×3 and no dilation (family detectron2), BatchNorm's ε 1e-05 (option)`.
  fileprivate var text: String {
    var parts: [(what: String, source: ConventionSource)] = []
    if let strideOn {
      parts.append(
        (strideOn.value == .conv2 ? "stride on the 3×3" : "stride on the first 1×1", strideOn.source))
    }
    let isDilated = dilations.value.contains { $0 != 1 }
    let list = dilations.value.map(String.init).joined(separator: ",")
    parts.append((isDilated ? "dilation \(list)" : "no dilation", dilations.source))
    parts.append(("BatchNorm's ε \(epsilon.value)", epsilon.source))
    var text: [String] = []
    for (index, part) in parts.enumerated() {
      // Consecutive parts with the same source name it once, after the last of them.
      let isLast = index + 1 == parts.count || parts[index + 1].source != part.source
      text.append(isLast ? "\(part.what) (\(part.source))" : part.what)
    }
    return text.joined(separator: ", ")
  }

  fileprivate var inputText: String {
    guard let preprocessing else {
      let order = channels.map { "\($0.value.rawValue) (\($0.source)), " } ?? ""
      return "\(order)mean, standard deviation and size are not known"
    }
    let value = preprocessing.value
    let range = value.scale == 1 ? "0…255" : "0…1"
    var text = "\(value.channels.rawValue) \(range), mean \(value.mean), std \(value.standardDeviation)"
    if let crop = value.crop {
      text += ", resize \(crop.resize) \(crop.interpolation.rawValue), crop \(crop.size)"
    }
    return "\(text) (\(preprocessing.source))"
  }

  fileprivate var json: JSONValue {
    func member(_ name: String, _ value: JSONValue, _ source: ConventionSource) -> JSONMember {
      JSONMember(name, ["value": value, "source": .string(source.description)])
    }
    var members: [JSONMember] = []
    if let strideOn {
      members.append(
        member("stride_on", .string(strideOn.value == .conv2 ? "3x3" : "1x1"), strideOn.source))
    }
    members.append(
      member("dilations", .array(dilations.value.map { .int($0) }), dilations.source))
    members.append(member("bn_eps", .double(epsilon.value), epsilon.source))
    if let channels { members.append(member("channels", .string(channels.value.rawValue), channels.source)) }
    return .object(members)
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
  fileprivate var line: String { remedy.map { "\(text); \($0.option)" } ?? text }
}
