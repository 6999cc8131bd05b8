internal import SWTBytes
internal import SWTTensors

/// Writes the pickle of a checkpoint, in protocol 2 as `torch.save` does.
struct TorchPickle {
  private var bytes: [UInt8] = [0x80, 2]
  /// Numbers in the memo, by `module name` of the global.
  private var memo: [String: UInt32] = [:]

  /// An `OrderedDict` of tensors.
  ///
  /// - Throws: ``ParseFailure`` if PyTorch has no such type.
  static func stateDict(
    _ tensors: [PthWriter.Tensor], _ plan: StoragePlan
  ) throws(ParseFailure) -> [UInt8] {
    var pickle = TorchPickle()
    pickle.orderedDict()
    pickle.put(Opcode.mark)
    for (index, tensor) in tensors.enumerated() {
      guard let dtype = TorchDtype(tensor.type) else {
        throw ParseFailure(
          .unsupported("a checkpoint cannot have \(tensor.type.rawValue) without its quantizer"),
          in: ["tensor \(tensor.name)"])
      }
      let key = plan.storageOf[index]
      pickle.text(tensor.name)
      pickle.tensor(tensor, dtype, key: key, plan.storages[key])
    }
    pickle.put(Opcode.setItems)
    pickle.put(Opcode.stop)
    return pickle.bytes
  }

  private enum Opcode {
    static let mark = UInt8(ascii: "("), stop = UInt8(ascii: "."), setItems = UInt8(ascii: "u")
    static let tuple = UInt8(ascii: "t"), emptyTuple = UInt8(ascii: ")"), reduce = UInt8(ascii: "R")
    static let global = UInt8(ascii: "c"), persistentID = UInt8(ascii: "Q"), newFalse: UInt8 = 0x89
    static let text = UInt8(ascii: "X"), integer = UInt8(ascii: "J"), byte = UInt8(ascii: "K")
    static let twoBytes = UInt8(ascii: "M"), long: UInt8 = 0x8A
    static let memoize = UInt8(ascii: "r"), recall = UInt8(ascii: "j")
  }

  private mutating func put(_ opcode: UInt8) { bytes.append(opcode) }

  private mutating func text(_ text: String) {
    let utf8 = Array(text.utf8)
    put(Opcode.text)
    bytes += LittleEndian.bytes([UInt32(clamping: utf8.count)]) + utf8
  }

  /// A class or function, spelled once and recalled afterwards.
  private mutating func global(_ module: String, _ name: String) {
    let key = "\(module) \(name)"
    if let number = memo[key] {
      put(Opcode.recall)
      bytes += LittleEndian.bytes([number])
      return
    }
    put(Opcode.global)
    bytes += Array("\(module)\n\(name)\n".utf8)
    let number = UInt32(memo.count)
    memo[key] = number
    put(Opcode.memoize)
    bytes += LittleEndian.bytes([number])
  }

  /// A number that is not negative.
  private mutating func integer(_ value: Int) {
    switch value {
    case 0...255: bytes += [Opcode.byte, UInt8(value)]
    case 256...65_535: bytes += [Opcode.twoBytes] + LittleEndian.bytes([UInt16(value)])
    case 65_536...Int(Int32.max): bytes += [Opcode.integer] + LittleEndian.bytes([UInt32(value)])
    default: bytes += [Opcode.long, 8] + LittleEndian.bytes([UInt64(value)])
    }
  }

  private mutating func tuple(_ values: [Int]) {
    if values.isEmpty { return put(Opcode.emptyTuple) }
    put(Opcode.mark)
    for value in values { integer(value) }
    put(Opcode.tuple)
  }

  private mutating func orderedDict() {
    global("collections", "OrderedDict")
    put(Opcode.emptyTuple)
    put(Opcode.reduce)
  }

  private mutating func tensor(
    _ tensor: PthWriter.Tensor, _ dtype: TorchDtype, key: Int, _ storage: StoragePlan.Storage
  ) {
    switch dtype {
    case .storageClass: global("torch._utils", "_rebuild_tensor_v2")
    case .named: global("torch._utils", "_rebuild_tensor_v3")
    }
    put(Opcode.mark)
    // The persistent ID of the storage: ("storage", class, key, location, size in elements).
    put(Opcode.mark)
    text("storage")
    switch dtype {
    case .storageClass(let name): global("torch", name)
    case .named: global("torch.storage", "UntypedStorage")
    }
    text("\(key)")
    text("cpu")
    if case .named = dtype { integer(storage.byteCount) } else { integer(storage.elementCount) }
    put(Opcode.tuple)
    put(Opcode.persistentID)
    integer(0)
    tuple(tensor.shape)
    tuple(tensor.strides)
    put(Opcode.newFalse)
    orderedDict()
    if case .named(let name) = dtype { global("torch", name) }
    put(Opcode.tuple)
    put(Opcode.reduce)
  }
}
