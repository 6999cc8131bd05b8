internal import TestSupport

/// Mutates a pickle by whole opcodes, so that most results still parse a long way.
package struct PickleMutator {
  private var state: UInt64

  package init(seed: UInt32) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// A number from 0 to `bound - 1`; the same seed gives the same numbers.
  private mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % max(1, bound)
  }

  /// A copy with one to four mutations.
  package mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    var operations = PickleOperations.split(bytes)
    for _ in 0...below(4) { change(&operations) }
    return operations.flatMap { $0 }
  }

  private mutating func change(_ operations: inout [[UInt8]]) {
    let place = below(operations.count)
    switch below(7) {
    case 0 where !operations.isEmpty: operations.remove(at: place)
    case 1 where !operations.isEmpty: operations.insert(operations[place], at: below(operations.count))
    case 2 where operations.count > 1: operations.swapAt(place, below(operations.count))
    case 3 where !operations.isEmpty: operations[place] = operand(operations[place])
    case 4 where operations.count > 2:
      // Copies a run of opcodes to another position.
      let end = min(operations.count, place + 1 + below(12))
      operations.insert(contentsOf: Array(operations[place..<end]), at: below(operations.count))
    case 5:
      let snippet = Self.snippets[below(Self.snippets.count)]
      operations.insert(contentsOf: PickleOperations.split(snippet), at: place)
    default:
      let code = Self.codes[below(Self.codes.count)]
      operations.insert([code], at: place)
    }
  }

  /// The same opcode with a number or length at a boundary value.
  private mutating func operand(_ operation: [UInt8]) -> [UInt8] {
    guard operation.count > 1 else { return [Self.codes[below(Self.codes.count)]] }
    var changed = operation
    let boundary: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x40, 0x10]
    let value = boundary[below(boundary.count)]
    let count = min(operation.count - 1, [1, 2, 4, 8][below(4)])
    let start = 1 + below(operation.count - count)
    for i in start..<start + count { changed[i] = i == start + count - 1 ? value : below(2) == 0 ? 0 : 0xFF }
    return changed
  }

  /// Opcodes without operands.
  private static let codes: [UInt8] =
    Array("(.012NQRabdelostu}])".utf8) + [0x81, 0x85, 0x86, 0x87, 0x88, 0x89]
    + [0x8F, 0x90, 0x91, 0x92, 0x93, 0x94, 0x97, 0x98]

  /// Building blocks of a checkpoint.
  private static let snippets: [[UInt8]] = {
    func start() -> PickleBuilder { PickleBuilder(protocol: nil) }
    func call(_ module: String, _ name: String) -> PickleBuilder { start().global(module, name) }
    return [
      start().tensor(count: 64, size: [4, 4], stride: [4, 1]).bytes,
      start().tensor(count: 64, size: [2, 3], stride: [0, 1]).bytes,
      start().tensor("LongStorage", count: 32, size: [2, 2], stride: [2, 1]).bytes,
      start().storage("ByteStorage", key: "0", count: 256).bytes,
      call("torch._utils", "_rebuild_parameter").tensor(count: 64, size: [1], stride: [1]).op(0x89).op(0x4E)
        .op(0x87).op(0x52).bytes,
      call("torch._utils", "_rebuild_qtensor").op(0x28).storage("QInt8Storage", key: "0", count: 256).int(0)
        .tuple([4]).tuple([1]).op(0x28).global("torch", "per_tensor_affine").int(1).int(0).op(0x74).op(0x89)
        .op(0x4E).op(0x74).op(0x52).bytes,
      call("torch._utils", "_rebuild_sparse_tensor").global("torch.serialization", "_get_layout")
        .text("torch.sparse_coo").op(0x85).op(0x52).op(0x28)
        .tensor("LongStorage", count: 32, size: [2, 2], stride: [2, 1])
        .tensor("LongStorage", count: 32, size: [2], stride: [1]).tuple([9, 9]).op(0x74).op(0x86).op(0x52)
        .bytes,
      call("torch._utils", "_rebuild_meta_tensor_no_storage").op(0x28).global("torch", "float32").tuple([3])
        .tuple([1]).op(0x89).op(0x74).op(0x52).bytes,
      call("torch._utils", "_rebuild_nested_tensor").op(0x28).bytes,
      call("torch._tensor", "_rebuild_from_type_v2").global("torch._utils", "_rebuild_tensor_v2").bytes,
      call("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray").tuple([0]).op(0x87).op(0x52)
        .op(0x28).int(1).tuple([2]).global("numpy", "dtype").text("f4").op(0x85).op(0x52).op(0x89)
        .op(0x43, [8, 0, 0, 0, 0, 0, 0, 0, 0]).op(0x74).op(0x62).bytes,
      call("torch.storage", "_load_from_bytes").op(0x43, [2, 0x4E, 0x2E]).op(0x85).op(0x52).bytes,
      call("collections", "OrderedDict").op(0x29).op(0x52).bytes,
      start().op(0x7D).text("_parameters").op(0x7D).op(0x73).text("_modules").op(0x7D).op(0x73).bytes,
      call("_codecs", "encode").text("\u{FF}").text("latin1").op(0x86).op(0x52).bytes,
      start().op(0x7D).text("conj").op(0x88).op(0x73).bytes,
    ]
  }()
}

/// Splits a pickle into opcodes with their operands.
enum PickleOperations {
  static func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var at = 0
    while at < bytes.count {
      let end = min(bytes.count, at + 1 + operandCount(bytes, at))
      result.append(Array(bytes[at..<end]))
      at = end
    }
    return result
  }

  /// Number of operand bytes after the opcode.
  private static func operandCount(_ bytes: [UInt8], _ at: Int) -> Int {
    func number(_ width: Int) -> Int {
      var value = 0
      for i in (0..<width).reversed() where at + 1 + i < bytes.count {
        value = value << 8 | Int(bytes[at + 1 + i])
      }
      return value & 0xFF_FFFF
    }
    func lines(_ count: Int) -> Int {
      var end = at + 1
      var left = count
      while end < bytes.count, left > 0 {
        if bytes[end] == 0x0A { left -= 1 }
        end += 1
      }
      return end - at - 1
    }
    switch bytes[at] {
    case 0x80, 0x4B, 0x68, 0x71, 0x82: return 1
    case 0x4D, 0x83: return 2
    case 0x4A, 0x6A, 0x72, 0x84: return 4
    case 0x47, 0x95: return 8
    case 0x8A, 0x55, 0x43, 0x8C: return 1 + number(1)
    case 0x8B, 0x54, 0x42, 0x58: return 4 + number(4)
    case 0x8D, 0x8E, 0x96: return 8 + number(3)
    case 0x63, 0x69: return lines(2)
    case 0x46, 0x49, 0x4C, 0x50, 0x53, 0x56, 0x67, 0x70: return lines(1)
    default: return 0
    }
  }
}
