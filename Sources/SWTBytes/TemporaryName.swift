/// Names of the temporary files beside outputs: `<name>.pth2swt-tmp-<13 letters or digits>`.
///
/// The mark tells this program's files from others'. A name too long for the addition is cut.
package enum TemporaryName {
  private static let mark = ".pth2swt-tmp-"
  private static let randomLength = 13
  /// Most bytes of a file name on the usual file systems.
  private static let longest = 255

  /// A path for a temporary file beside `path`.
  static func random(for path: String) -> String {
    let text = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let suffix = mark + String(repeating: "0", count: randomLength - text.utf8.count) + text
    let name = Folder.name(of: path)
    let rest = path.utf8.dropLast(name.utf8.count)
    return String(decoding: rest, as: UTF8.self) + start(of: name) + suffix
  }

  /// What a temporary file's name has before the mark: the file's name, cut to leave enough room.
  package static func start(of name: String) -> String {
    let room = longest - mark.utf8.count - randomLength
    guard name.utf8.count > room else { return name }
    var end = name.utf8.index(name.startIndex, offsetBy: room)
    while end > name.startIndex, end.samePosition(in: name.unicodeScalars) == nil {
      end = name.utf8.index(before: end)
    }
    return String(name[..<end])
  }

  /// The part of a temporary file's name before the mark; nil for any other name.
  package static func start(ofTemporary name: String) -> String? {
    let bytes = Array(name.utf8)
    let end = bytes.count - randomLength - mark.utf8.count
    guard end > 0, bytes[end..<end + mark.utf8.count].elementsEqual(mark.utf8),
      bytes[(end + mark.utf8.count)...].allSatisfy({
        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
      })
    else { return nil }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }
}
