/// Names pictures of formats that are not decoded.
enum OtherPicture {
  /// The format that a file starts with.
  static func name(_ start: [UInt8]) -> String? {
    func has(_ text: String, at place: Int = 0) -> Bool { start.dropFirst(place).starts(with: text.utf8) }
    if has("GIF8") { return "a GIF picture" }
    if has("RIFF"), has("WEBP", at: 8) { return "a WebP picture" }
    if has("BM") { return "a BMP picture" }
    if has("II*\0") || has("MM\0*") { return "a TIFF picture" }
    if has("ftyp", at: 4) {
      if ["avif", "avis"].contains(where: { has($0, at: 8) }) { return "an AVIF picture" }
      if ["heic", "heix", "hevc", "mif1", "msf1"].contains(where: { has($0, at: 8) }) {
        return "a HEIF picture"
      }
    }
    if start.starts(with: [0, 0, 0, 12]), has("jP  ", at: 4) { return "a JPEG 2000 picture" }
    return nil
  }
}
