import Foundation
import Images
import Testing

struct ImageFileTests {
  private static func bytes(_ picture: Truth.Picture) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: picture.path)))
  }

  @Test(arguments: Truth.all.images)
  func `a truncated file is an error`(_ picture: Truth.Picture) throws {
    let whole = try Self.bytes(picture)
    for length in stride(from: 0, to: whole.count - 20, by: max(whole.count / 40, 1)) {
      #expect(throws: ImageError.self) { try Image(file: Array(whole.prefix(length))) }
    }
  }

  /// Most changes of a PNG are detected by a checksum; a JPEG has none, so here only crashes count as
  /// failures.
  @Test(arguments: Truth.all.images)
  func `a damaged file is an error or an image`(_ picture: Truth.Picture) throws {
    let whole = try Self.bytes(picture)
    for place in stride(from: 0, to: whole.count, by: max(whole.count / 200, 1)) {
      var damaged = whole
      damaged[place] ^= 0x15
      do {
        let image = try Image(file: damaged)
        #expect(image.pixels.count == 3 * image.width * image.height)
      } catch is ImageError {
        continue
      }
    }
  }

  @Test func `excessive sizes are refused before any allocation`() throws {
    let picture = try #require(Truth.all.images.first { $0.file == "small.jpg" })
    var whole = try Self.bytes(picture)
    let frame = try #require(whole.indices.first { whole[$0] == 0xFF && whole[$0 + 1] == 0xC0 })
    whole.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0x00, 0xFF, 0x00])
    let error = #expect(throws: ImageError.self) { try Image(file: whole) }
    #expect(error?.description.hasPrefix("65280 by 65280 pixels are more than") == true)

    let thread = Image(width: 1, height: 700_000, pixels: [UInt8](repeating: 0, count: 2_100_000))
    #expect(throws: ImageError.tooLarge(width: 256, height: 179_200_000)) {
      try thread.resized(shortSide: 256, .bilinear)
    }
  }

  @Test func `a file with too many scans is refused`() throws {
    let picture = try #require(Truth.all.images.first { $0.file == "portrait.jpg" })
    let whole = try Self.bytes(picture)
    let last = try #require(whole.indices.dropLast().last { whole[$0] == 0xFF && whole[$0 + 1] == 0xDA })
    let (head, scan) = (whole[..<last], whole[last..<whole.count - 2])
    #expect(throws: ImageError.damaged("more than 500 scans")) {
      try Image(file: head + [[UInt8]](repeating: Array(scan), count: 600).joined() + [0xFF, 0xD9])
    }
  }

  @Test func `a file that is neither JPEG nor PNG is reported as such`() {
    let error = #expect(throws: ImageError.self) { try Image(file: Array("GIF89a, and more".utf8)) }
    #expect(error == .unknownFormat(firstBytes: Array("GIF89a, ".utf8)))
    #expect(throws: ImageError.unreadable) { try Image(contentsOf: "/nowhere.jpg") }
  }
}
