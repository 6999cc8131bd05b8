internal import SWTBytes

/// Files given by mistake, recognized by their first bytes.
struct ForeignFile {
  let description: String
  let hint: String?

  /// What the file is, if it is known and not a PyTorch checkpoint.
  static func recognize(_ head: [UInt8]) -> ForeignFile? {
    if head.isEmpty {
      return ForeignFile(description: "the file is empty", hint: "the download failed: download it again")
    }
    for (magic, description, hint) in known where head.starts(with: magic) {
      return ForeignFile(description: description, hint: hint)
    }
    for (place, magic, description) in inside
    where head.count >= place + magic.count && head[place...].starts(with: magic) {
      return ForeignFile(description: description, hint: nil)
    }
    // zlib streams of every level; joblib.dump(…, compress=True) and its .z files.
    if head.count > 2, head[0] == 0x78, [0x01, 0x5E, 0x9C, 0xDA].contains(head[1]) {
      return ForeignFile(
        description: "compressed with zlib, as joblib.dump with compress writes it",
        hint:
          "load it with joblib.load in Python, then save it with joblib.dump without compress, or torch.save")
    }
    if isONNX(head) { return ForeignFile(description: "an ONNX model, not a checkpoint", hint: nil) }
    if isExecuTorch(head) { return ForeignFile(description: "an ExecuTorch program", hint: nil) }
    if isTorch7(head) {
      return ForeignFile(
        description: "a Torch7 file (Lua)",
        hint: "load it with torchfile in Python, then save it with torch.save")
    }
    let text = head.drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
    if text.first == UInt8(ascii: "<") {
      return ForeignFile(
        description: "an HTML or XML page, not a checkpoint",
        hint: "the download was a web page, such as a login or an error: download the file itself")
    }
    if text.first == UInt8(ascii: "{") {
      return ForeignFile(description: "a JSON document, not a checkpoint", hint: nil)
    }
    let isText = head.allSatisfy { [9, 10, 13].contains($0) || (0x20..<0x7F).contains($0) }
    if isText, head.count >= 4, !BarePickle.recognizes(head) {
      return ForeignFile(description: "a text file, not a checkpoint", hint: nil)
    }
    if head.allSatisfy({ $0 == 0 }) {
      return ForeignFile(
        description: "the file starts with zeros", hint: "the download was not finished: download it again")
    }
    return nil
  }

  /// What a zip archive without `data.pkl` is.
  static func archive(_ names: [String]) -> ParseFailure {
    let description =
      if names.contains("config.json"), names.contains(where: { $0.hasSuffix(".weights.h5") }) {
        "a Keras model, not a PyTorch checkpoint"
      } else if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
        "a NumPy .npz archive, not a PyTorch checkpoint"
      } else if names.contains("model.json") || names.contains(where: { $0.hasSuffix("/model.json") }) {
        "a TorchScript archive of PyTorch 1.1 or older, with its tensors described in model.json"
      } else {
        "a zip archive without data.pkl, not a PyTorch checkpoint"
      }
    return ParseFailure(
      .unsupported(description), hint: "entries: " + names.prefix(5).joined(separator: ", "))
  }

  /// "ET" and two digits, after the offset with which every flatbuffer starts.
  /// A protobuf message whose first fields are `ir_version` and the name of the producer, as exporters write them.
  private static func isONNX(_ head: [UInt8]) -> Bool {
    guard head.count > 4, head[0] == 0x08, (1...30).contains(head[1]), head[2] == 0x12 else { return false }
    let name = head.dropFirst(4).prefix(Int(head[3]))
    return !name.isEmpty && name.allSatisfy { (0x20..<0x7F).contains($0) }
  }

  private static func isExecuTorch(_ head: [UInt8]) -> Bool {
    head.count >= 8 && head[4] == UInt8(ascii: "E") && head[5] == UInt8(ascii: "T")
      && (0x30...0x39).contains(head[6]) && (0x30...0x39).contains(head[7])
  }

  /// Torch7 writes a type number, an object index, and the class version as text: `4, 1, 3, "V 1"`.
  private static func isTorch7(_ head: [UInt8]) -> Bool {
    func number(_ at: Int) -> UInt32? {
      guard head.count >= at + 4 else { return nil }
      return (0..<4).reduce(0) { $0 | UInt32(head[at + $1]) << (8 * UInt32($1)) }
    }
    if let type = number(0), (3...8).contains(type), let index = number(4), index == 1 {
      // Next comes the size of a table (3), or the length of "V 1" of a torch object (4).
      return type == 3 || (head.count >= 16 && head[12] == UInt8(ascii: "V"))
    }
    return head.starts(with: "4\n1\n3\nV 1\n".utf8)
  }

  private static let known: [(magic: [UInt8], description: String, hint: String?)] = [
    (
      Array("version https://git-lfs".utf8), "a git-LFS pointer, not the file it points to",
      "run `git lfs pull` in its repository"
    ),
    (Array("GGUF".utf8), "a GGUF model (llama.cpp)", nil),
    (Array("ggml".utf8), "a GGML model (llama.cpp)", nil),
    (Array("lmgg".utf8), "a GGML model (llama.cpp)", nil),
    (FileMagic.hdf5, "an HDF5 file (Keras)", nil),
    (
      FileMagic.npy, "a NumPy .npy array, not a checkpoint",
      "it can be the input of a network, not its weights"
    ),
    (FileMagic.sevenZip, "a 7-Zip archive", "unpack it first"),
    (FileMagic.rar, "a RAR archive", "unpack it first"),
    (FileMagic.zstandard, "a Zstandard file", "unpack it first with zstd -d"),
    (FileMagic.xz, "an xz file", "unpack it first with xz -d"),
    (FileMagic.bzip2, "a bzip2 file", "unpack it first with bzip2 -d"),
    (FileMagic.lz4, "an LZ4 file", "unpack it first with lz4 -d"),
    (Array("PYTORCH1".utf8), "a PyTorch 1.0 preview archive, which no released PyTorch reads", nil),
    (FileMagic.png, "a PNG image", "it can be the input of a network, not its weights"),
    (FileMagic.jpeg, "a JPEG image", "it can be the input of a network, not its weights"),
    (FileMagic.pdf, "a PDF document", nil),
    (FileMagic.elf, "a program or library (ELF)", nil),
    (FileMagic.emptyZip, "an empty zip archive", "downloading or writing it was not finished"),
    (FileMagic.swt, "a .swt weight file, not a checkpoint", nil),
  ]

  /// Magic numbers that are not at the start.
  private static let inside: [(place: Int, magic: [UInt8], description: String)] = [
    (4, Array("PTMF".utf8), "a PyTorch Mobile flatbuffer, which has no pickle"),
    (4, Array("TFL3".utf8), "a TensorFlow Lite model"),
  ]
}
