/// How thoroughly a file is checked on opening; each level includes the previous ones.
public enum SWTCheckLevel: Int, CaseIterable, Sendable {
  /// Levels 0, 1 and 1c: reads stay within the file and the index is what its writer wrote. Microseconds.
  case index = 1
  /// Also level 2: the CRC32C of every tensor, which is otherwise checked when a tensor is first viewed.
  case values = 2
  /// Also level 3: SHA-256, UTF-8, the values of scales.
  case strict = 3
}

/// The header and section table of a file.
public struct SWTProbe: Equatable, Sendable {
  /// The minor version of the format.
  public let versionMinor: Int
  /// Number of tensors that the header states.
  public let tensorCount: Int
  /// Size of the file in bytes.
  public let byteCount: Int
  /// Size of the index region in bytes, which is where the data starts.
  public let dataOffset: Int
  /// Kinds of the sections, in file order.
  public let sections: [String]
}
