/// Files that people hand in by mistake, recognised by their first bytes.
struct ForeignFile {
  let description: String
  let hint: String?

  /// What the file is, when it is known and is no PyTorch checkpoint.
  static func recognise(_ head: [UInt8]) -> ForeignFile? {
    if head.isEmpty {
      return ForeignFile(description: "the file is empty", hint: "its download did not start: fetch it again")
    }
    for (magic, description, hint) in known where head.starts(with: magic) {
      return ForeignFile(description: description, hint: hint)
    }
    if head.count >= 8, Array(head[4..<8]) == Array("PTMF".utf8) {
      return ForeignFile(description: "a PyTorch Mobile flatbuffer, which holds no pickle", hint: nil)
    }
    if head.count >= 6, head[4...].starts(with: Array("ET".utf8)), head[6...].first == 0x31 {
      return ForeignFile(description: "an ExecuTorch program", hint: nil)
    }
    if head.first == UInt8(ascii: "<") {
      return ForeignFile(
        description: "an HTML or XML page, not a checkpoint",
        hint: "the download gave a web page (a login, an error): fetch the file itself")
    }
    let printable = head.allSatisfy { [9, 10, 13].contains($0) || (0x20..<0x7F).contains($0) }
    if head.count >= 4, printable, !head.starts(with: Array("L1195".utf8)), !isTextPickle(head) {
      return ForeignFile(description: "a text file, not a checkpoint", hint: nil)
    }
    return nil
  }

  /// Protocol 0 is text too: it starts with a mark, a class or a container opcode.
  private static func isTextPickle(_ head: [UInt8]) -> Bool {
    let opening = Array(head.prefix(3))
    return opening.starts(with: Array("(dp".utf8)) || opening.starts(with: Array("(lp".utf8))
      || opening.starts(with: Array("ccoll".utf8.prefix(3))) || opening.starts(with: Array("cto".utf8))
      || opening.starts(with: Array("cnu".utf8)) || opening.starts(with: Array("ccop".utf8.prefix(3)))
  }

  private static let known: [(magic: [UInt8], description: String, hint: String?)] = [
    (
      Array("version https://git-lfs".utf8), "a git-LFS pointer, not the file it points to",
      "run `git lfs pull` where it came from"
    ),
    (Array("GGUF".utf8), "a GGUF model (llama.cpp)", nil),
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file (Keras)", nil),
    ([0x37, 0x7A, 0xBC, 0xAF], "a 7-Zip archive", "unpack it first"),
    (Array("Rar!".utf8), "a RAR archive", "unpack it first"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file", "unpack it first with zstd -d"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz file", "unpack it first with xz -d"),
    (Array("BZh".utf8), "a bzip2 file", "unpack it first with bzip2 -d"),
    (Array("PYTORCH1".utf8), "a PyTorch 1.0 preview archive, which no released PyTorch reads", nil),
    ([0x89, 0x50, 0x4E, 0x47], "a PNG image", nil),
    ([0xFF, 0xD8, 0xFF], "a JPEG image", nil),
    (Array("%PDF".utf8), "a PDF document", nil),
    ([0x50, 0x4B, 5, 6], "an empty zip archive", "its download or its writing was not finished"),
  ]
}
