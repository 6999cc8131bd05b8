/// A published weight file, identified by the first digits of its SHA-256.
///
/// torch.hub puts the first eight hexadecimal digits into file names. They identify the content whatever the
/// file is called now; a name whose digits differ from the content's causes a warning.
public struct OfficialFile: Hashable, Sendable {
  /// `resnet50-0676ba61`.
  public let name: String
  /// The name of the architecture, which may be one that this package does not support.
  public let network: String
  /// Conventions according to the publisher.
  public let conventions: Conventions
  /// SPDX identifier, if the publisher restricts the use of the weights.
  public let license: String?
  /// Sizes in bytes that the file may have, by what its publisher states; nil where it states none.
  public let sizes: ClosedRange<Int>?
  /// A property of an unsupported network that neither shapes nor names reveal; nil if there is none.
  public let trap: String?

  /// The first eight digits of the SHA-256.
  public var digits: Substring { name.suffix(8) }

  /// All files of the table.
  public static let all: [OfficialFile] = table.split(separator: "\n").compactMap { OfficialFile(line: $0) }

  /// The file whose digits `sha256`, in lowercase hexadecimal, starts with.
  public static func find(sha256: String) -> OfficialFile? {
    all.first { sha256.hasPrefix($0.digits) }
  }

  /// The file named by a path's last component, such as `resnet50-0676ba61.pth`.
  public static func find(path: String) -> OfficialFile? {
    let file = path.split(separator: "/").last ?? ""
    return all.first { file.hasPrefix($0.name + ".") }
  }

  /// Whether a file may be a published one, before anything of it is read: its name says so, or its size is that of one
  /// whose publisher states it. A published file under another name and of a size that no list states is known only by its
  /// digest.
  public static func mayBe(path: String, byteCount: Int) -> Bool {
    find(path: path) != nil || all.contains { $0.sizes?.contains(byteCount) == true }
  }

  /// The eight digits in a file name that follows torch.hub's convention, `NAME-xxxxxxxx.ending`.
  public static func digits(inName path: String) -> Substring? {
    let stem = path.split(separator: "/").last?.split(separator: ".").first ?? ""
    let digits = stem.suffix(8)
    let isHexadecimal = digits.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
    // Eight decimal digits are more likely a date.
    guard stem.count > 9, stem.dropLast(8).last == "-", isHexadecimal,
      digits.contains(where: { !$0.isNumber })
    else { return nil }
    return digits
  }

  private init?(line: Substring) {
    let parts = line.split(separator: " ")
    guard parts.count >= 6, let size = Int(parts[2]), let resize = Int(parts[3]) else { return nil }
    name = String(parts[0])
    network = String(parts[1])
    sizes = Double(parts[5]).map { mebibytes in
      // Three decimals: a thousandth is 1049 bytes.
      Int((mebibytes - 0.0005) * 1_048_576)...Int(((mebibytes + 0.0005) * 1_048_576).rounded(.up))
    }
    let remark = parts.count > 6 ? parts[6] : ""
    var preprocessing = Preprocessing.imageNet
    if size > 0, let interpolation = Preprocessing.Interpolation(rawValue: String(parts[4])) {
      preprocessing = preprocessing.cropped(resize: resize, size: size, interpolation)
    }
    conventions = Conventions(
      epsilon: remark == "eps0" ? 0 : nil, channels: .rgb, preprocessing: preprocessing)
    license = remark == "cc-by-nc" ? "CC-BY-NC-4.0" : nil
    trap =
      remark == "antialiased"
      ? "\(network) blurs before each stride, which its keys do not show" : nil
  }
}
