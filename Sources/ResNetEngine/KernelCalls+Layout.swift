internal import CKernels
internal import SWTTensors

/// Unsafe on purpose, as all of ``KernelCalls``: copies between the caller's images and activations.
extension KernelCalls {
  /// Copies one image `[C, H, W]` into an activation and zeroes its halo, and the lanes without a channel:
  /// kernels write zeros there too, and the largest value of a tensor is looked for in all lanes.
  func load(_ values: UnsafePointer<Float>, into activation: Activation) {
    let start = unsafe start(activation)
    if activation.line == .bfloat16 { return unsafe loadHalves(values, into: activation) }
    let lanes = activation.isPlanar ? 1 : ChannelLayout.blockLanes
    if activation.halo > 0 || activation.blocks * lanes > activation.layout.channels {
      unsafe start.update(repeating: 0, count: activation.count)
    }
    unsafe forEachRow(of: activation) { plane, inner in
      if activation.isPlanar {
        unsafe (start + inner).update(from: values + plane, count: activation.width)
        return
      }
      for x in 0..<activation.width { unsafe start[inner + x * activation.pixel] = values[plane + x] }
    }
  }

  /// Copies an activation out, as one image `[C, H, W]`.
  func store(_ activation: Activation, into values: UnsafeMutablePointer<Float>) {
    let start = unsafe start(activation)
    if activation.line == .bfloat16 { return unsafe storeHalves(activation, into: values) }
    unsafe forEachRow(of: activation) { plane, inner in
      for x in 0..<activation.width { unsafe values[plane + x] = start[inner + x * activation.pixel] }
    }
  }

  /// As ``load(_:into:)``, rounded to bfloat16.
  private func loadHalves(_ values: UnsafePointer<Float>, into activation: Activation) {
    let start = unsafe start(activation)
    unsafe start.update(repeating: 0, count: activation.count)
    let halves = unsafe UnsafeMutableRawPointer(start).assumingMemoryBound(to: UInt16.self)
    unsafe forEachRow(of: activation) { plane, inner in
      for x in 0..<activation.width {
        unsafe halves[inner + x * activation.line.lanes] = HalfPrecision.bfloat(values[plane + x])
      }
    }
  }

  private func storeHalves(_ activation: Activation, into values: UnsafeMutablePointer<Float>) {
    let halves = unsafe UnsafeMutableRawPointer(start(activation)).assumingMemoryBound(to: UInt16.self)
    unsafe forEachRow(of: activation) { plane, inner in
      for x in 0..<activation.width {
        unsafe values[plane + x] = HalfPrecision.float(bfloat: halves[inner + x * activation.line.lanes])
      }
    }
  }

  /// For each channel and row: its offset in `[C, H, W]`, and that in the activation, in elements.
  private func forEachRow(of activation: Activation, _ body: (Int, Int) -> Void) {
    let lanes = activation.isPlanar ? 1 : activation.line.lanes
    // Elements in a float: lines of fewer bits have more.
    let elements = activation.isPlanar ? 1 : lanes / ChannelLayout.blockLanes
    for channel in 0..<activation.layout.channels {
      let lane = activation.layout.lane(channel)
      let first = (lane / lanes * activation.block + activation.origin) * elements + lane % lanes
      for y in 0..<activation.height {
        body(
          (channel * activation.height + y) * activation.width, first + y * activation.row * elements)
      }
    }
  }
}
