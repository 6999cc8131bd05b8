internal import PthReader
internal import ResNetArchitecture
internal import SWTBytes

/// Several copies of one network in a file, which are no reason to ask which is meant.
enum EqualCopies {
  /// The entry of the first copy, if the file has several networks and all of them have the same tensors: names,
  /// types, shapes and bytes.
  static func first(_ tensors: [TensorEntry], _ file: PthFile) -> String? {
    let prefixes = KeyFamily.candidates(in: Set(tensors.map(\.name))).map(\.1)
      .filter { $0.secondary == nil }.map(\.prefix)
    guard prefixes.count > 1, let first = prefixes.first, !prefixes.contains("") else { return nil }
    let copies = prefixes.map { prefix in
      tensors.filter { $0.name.hasPrefix(prefix) }
        .map { (leaf: ExactString(String($0.name.dropFirst(prefix.count))), entry: $0) }
        .sorted { $0.leaf < $1.leaf }
    }
    for other in copies.dropFirst() {
      guard other.map(\.leaf) == copies[0].map(\.leaf) else { return nil }
      for (one, two) in zip(copies[0], other) where !isSame(one.entry, two.entry, file) { return nil }
    }
    return String(first.dropLast())
  }

  private static func isSame(_ one: TensorEntry, _ two: TensorEntry, _ file: PthFile) -> Bool {
    guard one.scalarType == two.scalarType, one.shape == two.shape else { return false }
    if one.storage === two.storage, one.layout == two.layout { return true }
    guard var first = try? file.reader(of: one), var second = try? file.reader(of: two) else { return false }
    let (a, b) = (WindowBuffer(capacity: first.windowBytes), WindowBuffer(capacity: second.windowBytes))
    while true {
      guard let more = try? first.next(into: a), let others = try? second.next(into: b), more == others else {
        return false
      }
      guard more else { return true }
      guard a.count == b.count else { return false }
      let isEqual = unsafe a.bytes.withUnsafeBytes { one in
        unsafe b.bytes.withUnsafeBytes { two in unsafe one.elementsEqual(two) }
      }
      guard isEqual else { return false }
    }
  }
}
