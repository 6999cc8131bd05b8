/// Values as Python prints them, used for the keys of dicts.
extension PickleArena {
  /// A dict key as text: strings unchanged, other values as their `repr()`.
  func keyText(_ id: NodeID) -> String {
    kind(id) == .text ? text(id) ?? "?" : representation(id, depth: 0)
  }

  /// `repr()`, with tuples and calls to a depth of two, and texts in them to a length of 256.
  private func representation(_ id: NodeID, depth: Int) -> String {
    switch kind(id) {
    case .text: return Self.quoted((rawBytes(id) ?? []).prefix(256), isText: true)
    case .bytes: return "b" + Self.quoted((rawBytes(id) ?? []).prefix(256), isText: false)
    case .bool: return bool(id) == true ? "True" : "False"
    case .int, .wideInt: return wideInt(id).map { "\($0)" } ?? "?"
    case .float: return float(id).map { "\($0)" } ?? "?"
    case .none: return "None"
    case .global: return global(id)?.qualified ?? "?"
    case .tuple where depth < 2 && elementCount(id) <= 16:
      let parts = (elements(id) ?? []).map { representation($0, depth: depth + 1) }
      return parts.count == 1 ? "(\(parts[0]),)" : "(\(parts.joined(separator: ", ")))"
    case .object:
      guard depth < 2, let object = object(id), let global = global(object.callable) else {
        return "<object>"
      }
      let arguments = elements(object.arguments) ?? []
      // Protocol 2 writes `bytes` like this.
      if global.canonical == "_codecs.encode", let text = arguments.first.flatMap({ text($0) }) {
        return "b"
          + Self.quoted(
            text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }.prefix(256), isText: false)
      }
      if global.canonical == "builtins.bytes", arguments.isEmpty { return "b''" }
      // A member of an enumeration is pickled as a call of its class with its value.
      let shown = arguments.prefix(4).map { representation($0, depth: depth + 1) }
      return "\(global.qualified)(\(shown.joined(separator: ", ")))"
    default: return "<\(kind(id))>"
    }
  }

  /// Quotes like Python: single quotes, unless the text has single quotes and no double quotes.
  private static func quoted(_ bytes: ArraySlice<UInt8>, isText: Bool) -> String {
    let (single, double, backslash) = (UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"))
    let quote = bytes.contains(single) && !bytes.contains(double) ? double : single
    var output: [UInt8] = [quote]
    for byte in bytes {
      switch byte {
      case quote, backslash: output += [backslash, byte]
      case 0x09: output += [backslash, UInt8(ascii: "t")]
      case 0x0A: output += [backslash, UInt8(ascii: "n")]
      case 0x0D: output += [backslash, UInt8(ascii: "r")]
      case 0x20..<0x7F: output.append(byte)
      case 0x80... where isText: output.append(byte)
      default:
        let digits = String(byte, radix: 16)
        output += Array("\\x\(digits.count == 1 ? "0" : "")\(digits)".utf8)
      }
    }
    return PickleText.decode((output + [quote])[...])
  }
}
