/// How much of a file is checked when it is opened; each level includes those before it.
public enum SWTCheckLevel: Int, CaseIterable, Sendable {
  /// Levels 0, 1 and 1c: no read can leave the file, and the index is what its writer wrote. Microseconds.
  case index = 1
  /// Level 2 too: the CRC32C of every tensor. Otherwise each is checked when it is first viewed.
  case values = 2
  /// Level 3 too: SHA-256, UTF-8, the values of scales.
  case strict = 3
}

/// What header and section table of a file say.
public struct SWTProbe: Equatable, Sendable {
  /// The minor version of the format.
  public let versionMinor: Int
  /// How many tensors the file says it has.
  public let tensorCount: Int
  /// Size of the file.
  public let byteCount: Int
  /// Size of the index region, where the tensors begin.
  public let dataOffset: Int
  /// Kinds of the sections, in their order.
  public let sections: [String]
}
