import SWTBytes
import SWTImages
import TestSupport
import Testing

@Suite struct PictureFileTests {
  private static func bytes(_ name: String) throws -> [UInt8] {
    try readFile(Fixtures.path("images/" + name))
  }

  @Test(arguments: Truth.all.pictures)
  func `a truncated file is an error`(_ picture: Truth.Picture) throws {
    let whole = try readFile(picture.path)
    // Two pictures in one file: the first is whole before the second begins.
    let count = picture.file == "pair.jpg" ? whole.count / 3 : whole.count - 20
    for length in stride(from: 0, to: count, by: max(whole.count / 40, 1)) {
      #expect(throws: ImageFailure.self) { try PictureFile(Array(whole.prefix(length))).decoded() }
    }
  }

  /// Most changes of a PNG are detected by a checksum; a JPEG has none, so here only crashes count as
  /// failures.
  @Test(arguments: Truth.all.pictures)
  func `a damaged file is an error or an image`(_ picture: Truth.Picture) throws {
    let whole = try readFile(picture.path)
    for place in stride(from: 0, to: whole.count, by: max(whole.count / 200, 1)) {
      var damaged = whole
      damaged[place] ^= 0x15
      do throws(ImageFailure) {
        let file = try PictureFile(damaged)
        #expect((1...8).contains(file.orientation))
        let image = try file.decoded()
        #expect(image.pixels.count == 3 * image.width * image.height)
      } catch {
        continue
      }
    }
  }

  @Test func `excessive sizes are refused before any allocation`() throws {
    var whole = try Self.bytes("small.jpg")
    let frame = try #require(whole.indices.first { whole[$0] == 0xFF && whole[$0 + 1] == 0xC0 })
    whole.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0x00, 0xFF, 0x00])
    #expect(throws: ImageFailure.tooLarge(width: 65280, height: 65280)) {
      try PictureFile(whole).decoded()
    }
    let thread = RGBImage(width: 1, height: 700_000, pixels: [UInt8](repeating: 0, count: 2_100_000))
    #expect(throws: ImageFailure.tooLarge(width: 256, height: 179_200_000)) {
      try thread.resized(shortSide: 256, .bilinear)
    }
    #expect(throws: ImageFailure.tooLarge(width: 256, height: 179_200_000)) {
      try thread.resized(shortSide: 256, crop: 224, .bilinear)
    }
  }

  @Test func `a file with too many scans is refused`() throws {
    let whole = try Self.bytes("portrait.jpg")
    let last = try #require(whole.indices.dropLast().last { whole[$0] == 0xFF && whole[$0 + 1] == 0xDA })
    let (head, scan) = (whole[..<last], whole[last..<whole.count - 2])
    let many = head + [[UInt8]](repeating: Array(scan), count: 600).joined() + [0xFF, 0xD9]
    #expect(throws: ImageFailure.damaged(.jpeg, "more than 500 scans")) {
      try PictureFile(Array(many)).decoded()
    }
  }

  /// PIL clips these to 0 and 255, which is hardly what a network was trained with.
  @Test func `16-bit grayscale is refused`() throws {
    var whole = try Self.bytes("gray-2-bits.png")
    let header = Array(whole[12..<29])
    #expect(header[12] == 2 && header[13] == 0)
    whole[24] = 16
    let file = try PictureFile(whole)
    // The checksum of the header is wrong now too, so only the error counts.
    #expect(throws: ImageFailure.self) { try file.decoded() }
  }

  @Test(arguments: [
    ("GIF89a, and more", "a GIF picture"), ("RIFF1234WEBPVP8 ", "a WebP picture"),
    ("\0\0\0 ftypheic", "a HEIF picture"), ("\0\0\0 ftypavif", "a AVIF picture"), ("II*\0", "a TIFF picture"),
    ("and more", nil),
  ])
  func `a file that is neither JPEG nor PNG is reported as such`(_ start: String, _ name: String?) {
    let expected = name == "a AVIF picture" ? "an AVIF picture" : name
    #expect(throws: ImageFailure.unknownFormat(expected)) { try PictureFile(Array(start.utf8)) }
  }

  @Test func `a missing file is an error of the system`() {
    let failure = #expect(throws: ImageFailure.self) { try PictureFile("/nowhere.jpg") }
    guard case .file(let cause)? = failure, case .system(let system) = cause.reason else {
      Issue.record("\(failure as Any)")
      return
    }
    #expect(system.isMissing)
  }

  @Test(arguments: [("turned.jpg", 6), ("turned.png", 6), ("small.jpg", 1), ("colors.png", 1)])
  func `the Exif orientation is found`(_ name: String, _ orientation: Int) throws {
    #expect(try PictureFile(Fixtures.path("images/" + name)).orientation == orientation)
  }
}
