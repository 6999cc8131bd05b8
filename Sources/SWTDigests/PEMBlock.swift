internal import SWTBytes

/// A PEM text (RFC 7468) with exactly one block, and only blank lines before or after it.
struct PEMBlock {
  /// The text between `-----BEGIN ` and `-----`.
  let label: String
  private let body: ArraySlice<ArraySlice<UInt8>>

  init(_ text: [UInt8]) throws(ParseFailure) {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
    guard let begin = lines.firstIndex(where: { !$0.isEmpty }),
      let end = lines.lastIndex(where: { !$0.isEmpty }),
      let label = Self.label("BEGIN", lines[begin])
    else {
      throw ParseFailure(.invalid("not a PEM file: it does not start with -----BEGIN …-----"), at: 0)
    }
    guard begin < end, Self.label("END", lines[end]) == label else {
      throw ParseFailure(
        .invalid("the PEM file does not end with -----END \(label)-----"), at: lines[end].startIndex)
    }
    self.label = label
    body = lines[(begin + 1)..<end]
  }

  /// The decoded bytes of the block.
  func content() throws(ParseFailure) -> [UInt8] {
    guard let bytes = Base64.decode(body.flatMap(\.self)) else {
      throw ParseFailure(.invalid("the PEM block is not base64"), at: body.first?.startIndex)
    }
    return bytes
  }

  private static func label(_ edge: String, _ line: ArraySlice<UInt8>) -> String? {
    let (front, back) = (Array("-----\(edge) ".utf8), Array("-----".utf8))
    guard line.starts(with: front), line.reversed().starts(with: back), line.count > front.count + back.count
    else { return nil }
    let label = line.dropFirst(front.count).dropLast(back.count)
    // Error messages repeat the label, so it must be safe to print on a terminal.
    let isPlain = label.count <= 64 && label.allSatisfy { (0x20...0x7E).contains($0) }
    return isPlain ? String(decoding: label, as: UTF8.self) : nil
  }
}
