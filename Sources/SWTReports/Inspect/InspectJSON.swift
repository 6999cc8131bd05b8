internal import PthReader
package import ResNetArchitecture
internal import SWT
internal import SWTChecksums
internal import SWTConversion
package import SWTTensorFiles

extension InspectReport {
  /// Writes the report as one JSON document, one tensor per line, piece by piece.
  package func writeJSON(_ write: @escaping (String) -> Void) {
    var buffer = JSONLines(write)
    buffer.open("{")
    buffer.member("schema", "pth2swt.inspect/1")
    buffer.member("file", .string(path))
    buffer.member("bytes", .int(byteCount))
    buffer.member("container", .string(container))
    buffer.member("architecture", architecture?.json(family: family) ?? .null)
    buffer.member("misfit", misfit.map { .string($0.message) } ?? .null)
    buffer.member("quantized", quantized?.json ?? .null)
    buffer.array("tensors", count: tensorCount) { index in
      let tensor = tensor(index).json
      guard !statistics.isEmpty, case .object(let members) = tensor else { return tensor }
      return .object(members + [JSONMember("statistics", statistics[index]?.json ?? .null)])
    }
    buffer.array("globals", count: globals.count) { index in
      let mention = globals[index]
      return [
        "name": .string(mention.name.qualified), "known": .bool(mention.isKnown),
        "dangerous": .bool(mention.name.isDangerous),
      ]
    }
    buffer.array("skipped", count: skipped.count) { index in
      ["path": .string(skipped[index].path), "reason": .string(skipped[index].reason)]
    }
    buffer.member("metadata", .object(metadata.map { JSONMember($0.key, $0.value) }))
    buffer.close("}")
  }
}

/// Writes an object member by member, so a long array is never in memory as a whole.
private struct JSONLines {
  private static let pieceSize = 1 << 16

  private let write: (String) -> Void
  private var text = ""
  private var isFirst = true

  package init(_ write: @escaping (String) -> Void) { self.write = write }

  package mutating func open(_ brace: String) { text += brace }

  package mutating func member(_ key: String, _ value: JSONValue) {
    begin(key)
    append(value.text())
  }

  package mutating func array(_ key: String, count: Int, _ element: (Int) -> JSONValue) {
    begin(key)
    text += "["
    for index in 0..<count {
      text += index > 0 ? ",\n    " : "\n    "
      append(element(index).text())
    }
    text += count > 0 ? "\n  ]" : "]"
  }

  package mutating func close(_ brace: String) {
    text += "\n\(brace)\n"
    write(text)
    text = ""
  }

  private mutating func begin(_ key: String) {
    text += isFirst ? "\n" : ",\n"
    text += "  \(JSONValue.string(key).text()): "
    isFirst = false
  }

  private mutating func append(_ piece: String) {
    text += piece
    if text.utf8.count > Self.pieceSize {
      write(text)
      text = ""
    }
  }
}

extension InspectReport.Tensor {
  package var json: JSONValue {
    var members: [JSONMember] = [
      JSONMember("name", .string(name)),
      JSONMember("path", .array(path.map { .string($0) })),
      JSONMember("dtype", .string(dtype)),
      JSONMember("shape", .array(shape.map { .int($0) })),
      JSONMember("stride", .array(stride.map { .int($0) })),
      JSONMember("storage_offset", .int(storageOffset)),
      JSONMember("nbytes", .int(byteCount)),
      JSONMember("shares_with", sharesWith.map { .string($0) } ?? .null),
    ]
    if let quantizer { members.append(JSONMember("quantizer", quantizer.json)) }
    if let sha256 { members.append(JSONMember("sha256", .string(sha256))) }
    return .object(members)
  }
}

extension Architecture {
  package func json(family: String?) -> JSONValue {
    var members: [JSONMember] = [
      JSONMember("name", .string(name)), JSONMember("family", family.map { .string($0) } ?? .null),
      JSONMember("block", .string(block.rawValue)), JSONMember("layers", .array(layers.map { .int($0) })),
      JSONMember("groups", .int(groups)), JSONMember("width_per_group", .int(widthPerGroup)),
      JSONMember("base_planes", .int(basePlanes)),
      JSONMember("num_classes", classCount.map { .int($0) } ?? .null),
      JSONMember("head", .string(hasHead ? "fc" : "none")),
    ]
    // Under the names that a weight file's metadata use.
    for (key, value) in switches {
      let name = String(key.dropFirst("arch.".count))
      switch value {
      case .text(let text): members.append(JSONMember(name, .string(text)))
      case .integers(let numbers): members.append(JSONMember(name, .array(numbers.map { .int($0) })))
      }
    }
    return .object(members)
  }
}
