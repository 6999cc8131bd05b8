import PthReader
import SWTBytes
import SWTTensors
import TestSupport
import Testing

/// Tensors outside their storages, and parts that do not fit together.
@Suite struct HostileTensorTests {
  private func read(_ bytes: [UInt8], floats: Int = 16) throws -> Checkpoint {
    try CheckpointReader.read(MemorySource(ZipBuilder.checkpoint(bytes, floats: floats)))
  }

  struct Call: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let pickle: PickleBuilder
    init(_ description: String, _ pickle: PickleBuilder) {
      testDescription = description
      self.pickle = pickle
    }
  }

  private static var start: PickleBuilder { PickleBuilder() }

  private static func pid(_ parts: (PickleBuilder) -> PickleBuilder) -> PickleBuilder {
    start.global("torch._utils", "_rebuild_tensor_v2").op(0x28).raw(
      parts(PickleBuilder(protocol: nil).op(0x28).text("storage")).op(0x74).op(0x51).bytes
    ).int(0).tuple([1]).tuple([1]).op(0x89).op(0x4E).op(0x74).op(0x52)
  }

  private static func quantized(_ scheme: (PickleBuilder) -> PickleBuilder) -> PickleBuilder {
    start.global("torch._utils", "_rebuild_qtensor").op(0x28).storage("QInt8Storage", key: "0", count: 64)
      .int(0)
      .tuple([4, 16]).tuple([16, 1]).raw(scheme(PickleBuilder(protocol: nil).op(0x28)).op(0x74).bytes).op(
        0x89
      )
      .op(0x4E).op(0x74).op(0x52)
  }

  private static func list(_ count: Int) -> [UInt8] {
    [0x5D, 0x28] + (0..<count).flatMap { _ in [UInt8(0x47), 0x3F, 0xF0, 0, 0, 0, 0, 0, 0] } + [0x65]
  }

  /// A sparse COO tensor whose indices are the bytes of storage 0.
  private static func sparse(size: [Int64], indices: [Int64], values: [Int64]) -> PickleBuilder {
    func strides(_ shape: [Int64]) -> [Int64] {
      shape.indices.map { i in shape[(i + 1)...].reduce(1, *) }
    }
    let count = indices.reduce(1, *)
    return start.global("torch._utils", "_rebuild_sparse_tensor").global("torch.serialization", "_get_layout")
      .text("torch.sparse_coo").op(0x85).op(0x52).op(0x28)
      .tensor("LongStorage", key: "0", count: 8, size: indices, stride: strides(indices))
      .tensor("LongStorage", key: "0", count: 8, size: values, stride: strides(values))
      .tuple(size).op(0x74).op(0x86).op(0x52).raw(count < 0 ? [0] : [])
  }

  static let refused: [Call] = [
    // 14. Storages.
    Call(
      "a storage key that is a path",
      pid { $0.global("torch", "FloatStorage").text("../0").text("cpu").int(16) }),
    Call(
      "a storage key that is a list", pid { $0.global("torch", "FloatStorage").op(0x5D).text("cpu").int(16) }),
    Call("a storage without a type", pid { $0.op(0x4E).text("0").text("cpu").int(16) }),
    Call(
      "a storage of an unknown type", pid { $0.global("torch", "EvilStorage").text("0").text("cpu").int(16) }),
    Call(
      "a storage of 2^63 - 1 elements",
      pid { $0.global("torch", "FloatStorage").text("0").text("cpu").int(.max) }),
    Call(
      "one storage with two types",
      start.op(0x28).tensor(count: 16, size: [1], stride: [1]).tensor(
        "LongStorage", key: "0", count: 8, size: [1], stride: [1]
      ).op(0x74)),
    // 15. Views.
    Call(
      "rank 100",
      start.tensor(count: 16, size: Array(repeating: 1, count: 100), stride: Array(repeating: 1, count: 100))),
    Call(
      "an extent that overflows",
      start.tensor(count: 16, size: [1 << 31, 1 << 31], stride: [1 << 31, 1 << 31])),
    Call("more strides than sizes", start.tensor(count: 16, size: [1], stride: [1, 1])),
    // 16. Quantizers and sparse parts.
    Call(
      "an axis that does not exist",
      quantized { $0.global("torch", "per_channel_affine").raw(list(4)).raw(list(4)).int(2) }),
    Call(
      "a negative axis",
      quantized { $0.global("torch", "per_channel_affine").raw(list(4)).raw(list(4)).int(-1) }),
    Call(
      "three scales for four channels",
      quantized { $0.global("torch", "per_channel_affine").raw(list(3)).raw(list(4)).int(0) }),
    Call("an unknown scheme", quantized { $0.global("torch", "per_secret").int(1).int(2) }),
    Call("sparse values fewer than indices", sparse(size: [1, 1], indices: [2, 2], values: [1])),
    Call("sparse indices of more rows than dimensions", sparse(size: [1], indices: [2, 2], values: [2])),
    Call("sparse indices outside the tensor", sparse(size: [0, 5], indices: [2, 2], values: [2])),
    // 17. Flags and types.
    Call(
      "metadata that is a list",
      start.global("torch._utils", "_rebuild_tensor_v2").op(0x28).storage("FloatStorage", key: "0", count: 16)
        .int(0)
        .tuple([1]).tuple([1]).op(0x89).op(0x4E).op(0x5D).op(0x74).op(0x52)),
    Call(
      "unknown metadata",
      start.global("torch._utils", "_rebuild_tensor_v2").op(0x28).storage("FloatStorage", key: "0", count: 16)
        .int(0)
        .tuple([1]).tuple([1]).op(0x89).op(0x4E).op(0x7D).text("reverse").op(0x88).op(0x73).op(0x74).op(0x52)),
    Call(
      "an unknown element type",
      start.global("torch._utils", "_rebuild_tensor_v3").op(0x28).storage(
        "UntypedStorage", key: "0", count: 64
      ).int(0)
        .tuple([1]).tuple([1]).op(0x89).op(0x4E).global("torch", "float7").op(0x74).op(0x52)),
  ]

  @Test(arguments: refused)
  func `parts that do not fit are refused`(call: Call) throws {
    let failure = try #require(throws: ParseFailure.self) { try read(call.pickle.stop()) }
    #expect(!failure.description.isEmpty)
  }

  @Test func `sparse indices inside the tensor are accepted`() throws {
    let checkpoint = try read(Self.sparse(size: [1, 1], indices: [2, 2], values: [2]).stop())
    #expect(checkpoint.tensors.map(\.name) == ["indices", "values"])
    #expect(checkpoint.sparse.first?.description.size == [1, 1])
  }

  @Test func `a meta tensor of 2^60 elements is listed and allocates nothing`() throws {
    let pickle = PickleBuilder().global("torch._utils", "_rebuild_meta_tensor_no_storage").op(0x28)
      .global("torch", "float32").tuple([1 << 30, 1 << 30]).tuple([1 << 30, 1]).op(0x89).op(0x74).op(0x52)
      .stop()
    let checkpoint = try read(pickle)
    #expect(checkpoint.tensors.first?.isMeta == true)
    #expect(checkpoint.skipped.count == 1)
  }

  @Test func `dimensions of size 1 and 0 may have any stride`() throws {
    let ones = try read(PickleBuilder().tensor(count: 16, size: [1, 4, 1], stride: [.max, 1, .max]).stop())
    #expect(ones.tensors.first?.layout.isContiguous == true)
    let none = try read(PickleBuilder().tensor(count: 16, size: [0, 4], stride: [.max, .max]).stop())
    #expect(none.tensors.first?.byteCount == 0)
    let huge = try read(PickleBuilder().tensor(count: 16, size: [1 << 62, 4, 0], stride: [1, 1, 1]).stop())
    #expect(try huge.tensors.first?.values().isEmpty == true)
  }

  @Test func `no strides mean contiguous, as in PyTorch`() throws {
    let checkpoint = try read(PickleBuilder().tensor(count: 16, size: [4, 4], stride: []).stop())
    #expect(checkpoint.tensors.first?.layout.strides == [4, 1])
  }

  @Test func `wrappers of wrappers of sparse tensors are limited`() throws {
    var pickle = PickleBuilder().op(0x4E).op(0x71, [0])
    for _ in 0..<400 {
      pickle = pickle.op(0x30).global("torch._utils", "_rebuild_sparse_tensor")
        .global("torch.serialization", "_get_layout").text("torch.sparse_csr").op(0x85).op(0x52).op(0x28)
        .op(0x68, [0]).op(0x68, [0]).op(0x68, [0]).tuple([1, 1]).op(0x74).op(0x86).op(0x52).op(0x71, [0])
    }
    #expect(throws: ParseFailure.self) { try read(pickle.stop()) }
  }

  @Test func `sixteen thousand expanded views share one budget`() throws {
    // Each claims 64 MiB, which is allowed for a single one.
    var pickle = PickleBuilder().op(0x28)
    for _ in 0..<100 { pickle = pickle.tensor(count: 16, size: [1 << 24], stride: [0]) }
    let bytes = ZipBuilder.checkpoint(pickle.op(0x74).stop(), floats: 16)
    let file = try PthFile(MemorySource(bytes), path: "views")
    let admitted = file.tensors.map { (try? file.admit($0)) != nil }
    #expect(admitted.first == true)
    #expect(admitted.count { $0 } == 16)
    // An admitted tensor may be read again.
    #expect(throws: Never.self) { try file.admit(file.tensors[0]) }
  }

  @Test func `a storage that many tensors view is charged once`() throws {
    // 300 views of one storage of 4 MiB: charged per view, they would exceed the gigabyte that such a file
    // may expand.
    let count = 1 << 20
    var pickle = PickleBuilder().op(0x28)
    for i in 0..<300 {
      pickle = pickle.tensor(count: Int64(count), offset: Int64(i * 16), size: [16], stride: [1])
    }
    let bytes = ZipBuilder.checkpoint(pickle.op(0x74).stop(), floats: count)
    let file = try PthFile(MemorySource(bytes), path: "flat")
    for tensor in file.tensors { #expect(try file.floats(of: tensor).count == 16) }
  }
}
