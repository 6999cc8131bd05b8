import SWTBytes
import SWTChecksums
import SWTDigests
import Testing

@Suite struct ContentSignatureTests {
  private let key: Ed25519PrivateKey
  private let id = SystemDigests().sha256(Array("contents".utf8))

  init() throws { key = try Ed25519PrivateKey(seed: [UInt8](0..<32)) }

  @Test func `a written signature file reads back the same`() throws {
    let signature = try ContentSignature(of: id, by: key)
    let text = String(decoding: signature.file, as: UTF8.self)
    #expect(
      text == """
        swt-signature 1
        id swt1:\(id.hex)
        key \(key.publicKey)
        signature \(Hex.encode(signature.signature))

        """)
    #expect(signature.file.count == ContentSignature.fileSize)
    let read = try ContentSignature(file: signature.file)
    #expect(read == signature)
    #expect(try read.isValid(for: id, by: key.publicKey))
    #expect(try !read.isValid(for: .zero, by: key.publicKey))
  }

  /// A changed file is refused, or it states another id, another key, or a signature that does not verify.
  @Test func `every flipped bit of a signature file is detected`() throws {
    let file = try ContentSignature(of: id, by: key).file
    for bit in 0..<(8 * file.count) {
      var changed = file
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let read = try? ContentSignature(file: changed) else { continue }
      #expect(read.file == changed)
      let isAccepted =
        try read.contentID == id && read.key == key.publicKey
        && read.isValid(for: id, by: key.publicKey)
      #expect(!isAccepted, "bit \(bit)")
    }
  }

  @Test func `nothing may be missing or added`() throws {
    let file = try ContentSignature(of: id, by: key).file
    for count in 0..<file.count {
      #expect(throws: ParseFailure.self) { try ContentSignature(file: Array(file[..<count])) }
    }
    let text = String(decoding: file, as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    for other in [
      text + "\n", "\n" + text, text.replacing("\n", with: "\r\n"), text.replacing("id ", with: "id  "),
      text.replacing("signature 1", with: "signature 2"), text.replacing("swt1:", with: "SWT1:"),
      lines[0] + "\n" + lines[1].uppercased() + "\n" + lines[2...].joined(separator: "\n") + "\n",
      [lines[0], lines[2], lines[1], lines[3]].joined(separator: "\n") + "\n",
      text.dropLast() + " ",
    ] {
      #expect(throws: ParseFailure.self) { try ContentSignature(file: Array(other.utf8)) }
    }
  }
}
