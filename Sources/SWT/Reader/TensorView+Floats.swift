internal import SWTTensors

extension TensorView {
  /// The tensor as float32 in any layout: 16-bit and 8-bit types are widened, quantized integers become
  /// `scale × (q − zero)`.
  ///
  /// Exact except for f64, integers above 2^24 and quantized values, which are rounded once. A float32 tensor
  /// that already has the layout needs no copy: use ``bytes``.
  ///
  /// - Precondition: `layout` matches the tensor's rank.
  /// - Throws: ``SWTError`` `.dtype` for complex, packed and opaque types, and whatever viewing the scales
  ///   throws.
  public func floats(_ layout: SWTLayout = .rowMajor) throws(SWTError) -> ContiguousArray<Float> {
    let values: ContiguousArray<Float>
    if let number = info.quantization {
      values = ContiguousArray(try dequantized(file.quantization(number)).map { Float($0) })
    } else {
      values = try stored()
    }
    if layout == .rowMajor, info.isRowMajor { return values }
    return arranged(values, LoopNest(layout, shape: info.shape))
  }

  /// Number of elements that ``floats(_:)`` returns for a layout, including the padding of blocks.
  ///
  /// - Precondition: `layout` matches the tensor's rank.
  public func elementCount(in layout: SWTLayout) -> Int { LoopNest(layout, shape: info.shape).elementCount }

  /// Rearranges elements from the file's order into the layout.
  private func arranged(_ values: ContiguousArray<Float>, _ nest: LoopNest) -> ContiguousArray<Float> {
    var result = ContiguousArray<Float>(repeating: 0, count: nest.elementCount)
    guard !values.isEmpty, let inner = nest.loops.last else { return values }
    let (shape, strides) = (info.shape, info.strides)
    let outer = nest.loops.dropLast()
    var counters = [Int](repeating: 0, count: outer.count)
    // Logical index of each dimension, set by the outer loops.
    var index = [Int](repeating: 0, count: shape.count)
    var place = 0
    while place < nest.elementCount {
      let isInside = index.indices.allSatisfy { index[$0] < shape[$0] }
      if isInside {
        let base = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
        let step = inner.step * strides[inner.dimension]
        // A block at the edge may be partial; the rest stays zero.
        let left = (shape[inner.dimension] - index[inner.dimension] + inner.step - 1) / inner.step
        for i in 0..<min(inner.count, left) { result[place + i] = values[base + i * step] }
      }
      place += inner.count
      var level = outer.count - 1
      while level >= 0 {
        let loop = outer[level]
        counters[level] += 1
        index[loop.dimension] += loop.step
        if counters[level] < loop.count { break }
        index[loop.dimension] -= loop.step * loop.count
        counters[level] = 0
        level -= 1
      }
    }
    return result
  }

  /// The elements in file order.
  private func stored() throws(SWTError) -> ContiguousArray<Float> {
    let (bytes, count) = (bytes, info.elementCount)
    func widened(_ size: Int, _ value: (Int) -> Float) -> ContiguousArray<Float> {
      unsafe ContiguousArray(unsafeUninitializedCapacity: count) { buffer, initialized in
        for i in 0..<count { unsafe buffer.initializeElement(at: i, to: value(i * size)) }
        initialized = count
      }
    }
    func word<T: FixedWidthInteger & BitwiseCopyable>(_ at: Int, _: T.Type) -> T {
      // In bounds: level 1 proved that the size of the data matches the shape.
      unsafe T(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: at, as: T.self))
    }
    switch dtype {
    case .f32: return widened(4) { Float(bitPattern: word($0, UInt32.self)) }
    case .f16: return widened(2) { HalfPrecision.float(half: word($0, UInt16.self)) }
    case .bf16: return widened(2) { HalfPrecision.float(bfloat: word($0, UInt16.self)) }
    case .f64: return widened(8) { Float(Double(bitPattern: word($0, UInt64.self))) }
    case .i8: return widened(1) { Float(word($0, Int8.self)) }
    case .u8: return widened(1) { Float(word($0, UInt8.self)) }
    case .i16: return widened(2) { Float(word($0, Int16.self)) }
    case .u16: return widened(2) { Float(word($0, UInt16.self)) }
    case .i32: return widened(4) { Float(word($0, Int32.self)) }
    case .u32: return widened(4) { Float(word($0, UInt32.self)) }
    case .i64: return widened(8) { Float(word($0, Int64.self)) }
    case .u64: return widened(8) { Float(word($0, UInt64.self)) }
    case .bool8: return widened(1) { word($0, UInt8.self) == 0 ? 0 : 1 }
    case .i4:
      return widened(1) { at in
        let nibble = word(at / 2, UInt8.self) >> (at % 2 == 0 ? 0 : 4) & 15
        // Sign-extends the nibble.
        return Float(Int8(bitPattern: nibble << 4) >> 4)
      }
    case .f8e4m3fn, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz, .f8e8m0fnu:
      guard let type = dtype.scalarType else { break }
      let table = (0...255).map { EighthPrecision.float(UInt8($0), type) }
      return widened(1) { table[Int(word($0, UInt8.self))] }
    case .complex32, .complex64, .complex128, .f4e2m1fnX2, .opaque: break
    }
    throw SWTError(.dtype, "tensor \(name) is \(dtype.name); its elements are not real numbers")
  }

  /// The elements in file order, in double precision: the values that ``floats(_:)`` rounds.
  ///
  /// - Throws: ``SWTError``, like ``floats(_:)``.
  package func numbers() throws(SWTError) -> [Double] {
    guard let number = info.quantization else { return try doubles() }
    return try dequantized(file.quantization(number))
  }

  /// `scale × (q − zero)`.
  private func dequantized(_ record: SWTQuantization) throws(SWTError) -> [Double] {
    let integers = try doubles()
    let scales = try file.view(record.scaleTensor).doubles()
    let zeros = try record.zeroTensor.map { tensor throws(SWTError) in try file.view(tensor).doubles() }
    var values = [Double](repeating: 0, count: integers.count)
    func fill(_ range: Range<Int>, scale place: Int) {
      let (scale, zero) = (scales[place], zeros.map { $0[place] } ?? 0)
      for i in range { values[i] = scale * (integers[i] - zero) }
    }
    let (shape, strides) = (info.shape, info.strides)
    switch record.scheme {
    case .perTensor: fill(integers.indices, scale: 0)
    case .perChannel:
      // In file order, runs of as many elements as the axis' stride share an index along it.
      let (run, channels) = shape.isEmpty ? (integers.count, 1) : (strides[record.axis], shape[record.axis])
      var start = 0
      while start < integers.count {
        fill(start..<start + run, scale: start / run % channels)
        start += run
      }
    case .perBlock:
      for i in integers.indices {
        var place = 0
        for dimension in shape.indices {
          let index = i / strides[dimension] % shape[dimension]
          let isAxis = dimension == record.axis
          let size = isAxis ? (shape[dimension] + record.block - 1) / record.block : shape[dimension]
          place = place * size + (isAxis ? index / record.block : index)
        }
        fill(i..<i + 1, scale: place)
      }
    }
    return values
  }

  /// The elements as doubles; exact except for 64-bit integers above 2^53.
  private func doubles() throws(SWTError) -> [Double] {
    let (bytes, count) = (bytes, info.elementCount)
    func word<T: FixedWidthInteger & BitwiseCopyable>(_ i: Int, _: T.Type) -> T {
      // In bounds: level 1 proved that the size of the data matches the shape.
      unsafe T(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self))
    }
    switch dtype {
    case .f64: return (0..<count).map { Double(bitPattern: word($0, UInt64.self)) }
    case .i32: return (0..<count).map { Double(word($0, Int32.self)) }
    case .u32: return (0..<count).map { Double(word($0, UInt32.self)) }
    case .i64: return (0..<count).map { Double(word($0, Int64.self)) }
    case .u64: return (0..<count).map { Double(word($0, UInt64.self)) }
    default: return try stored().map { Double($0) }
    }
  }
}
