internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTDigests
internal import SWTTensorFiles
internal import SWTTensors
internal import TestSupport

/// The entry points of the fuzzers, and of the tests that replay their findings.
package enum FuzzTarget: String, CaseIterable, Sendable {
  case zip, legacy, tar, pickle, safetensors, swt, npy, json, gzip, onnx, distributed, evidence

  /// Passes the bytes to the reader and checks what must hold for any input.
  ///
  /// Errors are expected; a crash, a hang, excessive memory or a violated guarantee is a finding.
  package func run(_ bytes: [UInt8]) {
    switch self {
    case .zip: Self.checkpoint(Self.beginning([0x50, 0x4B, 3, 4], bytes))
    case .legacy: Self.checkpoint(Self.beginning([0x80], bytes))
    case .tar: Self.checkpoint(Self.tar(bytes))
    case .pickle: Self.checkpoint(ZipBuilder.checkpoint(bytes, floats: 64))
    case .safetensors: Self.checkpoint(bytes)
    case .gzip: Self.checkpoint(Self.beginning([0x1F, 0x8B, 8, 0], bytes))
    case .swt: Self.weightFile(WeightFileRepair.repaired(bytes))
    case .npy: Self.arrays(bytes)
    case .json: Self.json(bytes)
    case .onnx: Self.onnx(bytes)
    case .distributed: Self.folder(bytes)
    case .evidence: Self.evidence(bytes)
    }
  }

  /// The bytes after a prefix that leads to the intended reader.
  private static func beginning(_ magic: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    bytes.starts(with: magic) ? bytes : magic + bytes.dropFirst(magic.count)
  }

  /// Corrects the checksum of every tar header, which is checked before anything else.
  private static func tar(_ bytes: [UInt8]) -> [UInt8] {
    var fixed = bytes
    for start in stride(from: 0, to: max(0, bytes.count - 511), by: 512)
    where fixed[(start + 257)..<(start + 262)].elementsEqual("ustar".utf8) {
      let sum = (0..<512).reduce(8 * 32) { (148..<156).contains($1) ? $0 : $0 + Int(fixed[start + $1]) }
      let octal = String(sum, radix: 8)
      let digits = String(repeating: "0", count: max(0, 6 - octal.count)) + octal
      fixed.replaceSubrange((start + 148)..<(start + 156), with: Array(digits.utf8.prefix(6)) + [0, 0x20])
    }
    return fixed
  }

  // MARK: Guarantees

  private static func checkpoint(_ bytes: [UInt8]) {
    var limits = ParseLimits()
    limits[.hashBytes] = 1 << 16
    limits[.inflatedBytes] = 1 << 20
    limits[.walkSteps] = 1 << 16
    let file: PthFile
    do throws(ParseFailure) {
      // What names something dangerous is read too: the reader has to survive all of it.
      file = try PthFile(MemorySource(bytes), path: "fuzz", limits: limits, allowsDangerous: true)
    } catch {
      precondition(!error.description.isEmpty, "an error without a word")
      return
    }
    let checkpoint = file.checkpoint
    var total = 0
    for tensor in checkpoint.tensors where total < 1 << 20 {
      precondition(tensor.shape.allSatisfy { $0 >= 0 }, "a negative size")
      precondition(tensor.layout.strides.count == tensor.shape.count, "sizes without strides")
      guard let values = try? file.bytes(of: tensor) else { continue }
      precondition(values.count == tensor.byteCount && values.count <= 1 << 16, "values of another size")
      total += values.count
    }
    if total < 1 << 12 {
      // The same bytes must give the same checkpoint.
      let again = try? CheckpointReader.read(MemorySource(bytes), limits: limits)
      precondition(
        again?.tensors.map(\.name) == checkpoint.tensors.map(\.name), "another answer the second time")
    }
  }

  /// The bytes as `.metadata` of a real data file: chunk tables, and reads that assemble tensors.
  private static func folder(_ bytes: [UInt8]) {
    guard let folder = try? TemporaryFolder(),
      let data = try? readFile(Fixtures.path("distributed/one/__0_0.distcp")),
      (try? writeFile(folder.file("__0_0.distcp"), data)) != nil,
      (try? writeFile(folder.file(".metadata"), bytes)) != nil,
      let file = try? PthFile(path: folder.path, limits: ParseLimits(), allowsDangerous: true)
    else { return }
    var total = 0
    for tensor in file.tensors where total < 1 << 20 {
      precondition(tensor.shape.allSatisfy { $0 >= 0 }, "a negative size")
      guard let values = try? file.bytes(of: tensor) else { continue }
      precondition(values.count == tensor.byteCount, "values of another size")
      precondition(values.count <= data.count, "values out of nothing")
      total += values.count
    }
  }

  private static func weightFile(_ bytes: [UInt8]) {
    guard let file = try? SWTFile(bytes: bytes) else { return }
    for info in file.tensors {
      // A name that is not UTF-8, which level 3 refuses, is decoded to another text.
      let isText = !info.name.unicodeScalars.contains("\u{FFFD}")
      precondition(!isText || file.index(of: info.name) == info.index, "a tensor that is not found")
      guard (try? file.verifyData(info.index)) != nil, let view = try? file.view(info.index) else { continue }
      precondition(view.bytes.byteCount == info.byteCount, "a view of another size")
      if let floats = try? view.floats() {
        precondition(floats.count == info.elementCount, "elements that got lost")
      }
    }
    for index in 0..<file.quantizationCount { _ = file.quantization(index) }
    for set in file.goldenSets {
      precondition(set.vectors.allSatisfy { $0.expectedTensor < file.tensorCount }, "a golden of no tensor")
    }
    _ = try? SWTContents(of: file)
    _ = try? file.verify(using: SystemDigests())
    _ = file.contentID(using: SystemDigests())
    for (key, _) in file.metadata { precondition(file.metadata(key) != nil, "metadata that is not found") }
  }

  private static func arrays(_ bytes: [UInt8]) {
    if let data = try? NpyFile.read(MemorySource(bytes)) {
      // A dimension of 0 makes an array empty, even if the product of the others overflows.
      let elements = data.shape.contains(0) ? 0 : data.shape.reduce(1, *)
      precondition(data.bytes.count == elements * data.type.byteWidth, "an array of another size")
    }
    var limits = ParseLimits()
    limits[.inflatedBytes] = 1 << 20
    guard let archive = try? NpzFile(MemorySource(bytes), limits: limits) else { return }
    for name in archive.names.prefix(64) { _ = try? archive.read(name) }
  }

  private static func onnx(_ bytes: [UInt8]) {
    guard let data = try? OnnxTensorFile.read(MemorySource(bytes)) else { return }
    let elements = data.shape.contains(0) ? 0 : data.shape.reduce(1, *)
    precondition(data.bytes.count == elements * data.type.byteWidth, "a tensor of another size")
    precondition(data.bytes.count <= 16 * bytes.count, "values out of nothing")
  }

  private static func json(_ bytes: [UInt8]) {
    guard let value = try? JSONValue.parse(bytes, nodeLimit: 1 << 16) else { return }
    // A document that was read and written reads back the same, unless a number is not finite.
    let text = value.text()
    guard !text.contains("\"nan\""), !text.contains("inf\"") else { return }
    precondition((try? JSONValue.parse(Array(text.utf8))) == value, "JSON that does not read back")
  }
}
