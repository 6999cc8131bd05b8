/// One of several parts of a checkpoint, which different processes convert: `2/16` is the second of sixteen.
public struct ConversionPart: Equatable, Sendable, CustomStringConvertible {
  /// 1 to ``count``.
  public let index: Int
  /// Number of parts.
  public let count: Int

  /// Nil unless 1 ≤ index ≤ count ≤ 65,536.
  public init?(index: Int, count: Int) {
    guard index >= 1, index <= count, count <= 1 << 16 else { return nil }
    (self.index, self.count) = (index, count)
  }

  /// Reads `K/N`.
  public init?(_ text: String) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1] else { return nil }
    self.init(index: index, count: count)
  }

  /// `K/N`.
  public var description: String { "\(index)/\(count)" }

  /// Metadata key of the part, and of the digest of all tensors' names, types and shapes, which tells parts of
  /// different checkpoints apart.
  static let (key, tableKey) = ("convert.part", "convert.part_of")
}
