/// Finds the tag Orientation in a file's Exif data.
///
/// Source: Exif 2.32, section 4.5.4; the PNG specification, chunk eXIf.
enum ExifOrientation {
  /// The orientation, 1…8; nil if the file states none or something that cannot be read.
  static func find(in bytes: [UInt8], _ format: PictureFormat) -> Int? {
    let block =
      switch format {
      case .jpeg: jpegBlock(bytes)
      case .png: pngBlock(bytes)
      }
    return block.flatMap(orientation)
  }

  /// The TIFF block of the first segment APP1 that starts with `Exif`.
  private static func jpegBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var place = 2
    while place + 4 <= bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      // Start of scan: the metadata is over.
      if marker == 0xDA || marker == 0xD9 { return nil }
      if marker == 0xFF {
        place += 1
        continue
      }
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      let end = place + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      let segment = bytes[place + 4..<end]
      if marker == 0xE1, segment.starts(with: "Exif\0\0".utf8) { return segment.dropFirst(6) }
      place = end
    }
    return nil
  }

  private static func pngBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var place = FileMagicLength.png
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      let kind = bytes[place + 4..<place + 8]
      guard length <= bytes.count - place - 12 else { return nil }
      if kind.elementsEqual("eXIf".utf8) { return bytes[place + 8..<place + 8 + length] }
      place += 12 + length
    }
    return nil
  }

  private enum FileMagicLength { static let png = 8 }

  private static func orientation(_ block: ArraySlice<UInt8>) -> Int? {
    let isLittle = block.starts(with: "II".utf8)
    guard isLittle || block.starts(with: "MM".utf8) else { return nil }
    func number(_ place: Int, _ count: Int) -> Int? {
      guard place >= 0, place <= block.count - count else { return nil }
      let start = block.startIndex + place
      let digits = block[start..<start + count]
      return isLittle
        ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
    for entry in 0..<count {
      let place = directory + 2 + 12 * entry
      guard let tag = number(place, 2) else { return nil }
      guard tag == 0x0112 else { continue }
      return number(place + 8, 2).flatMap { (1...8).contains($0) ? $0 : nil }
    }
    return nil
  }
}
