internal import CKernels

/// What each unit of work of one layer needs. It lies on the caller's stack while the region runs: a closure
/// that the pool's threads can call would be allocated.
@unsafe
struct Call<Layer: BitwiseCopyable, Element: BitwiseCopyable> {
  let isa: p2s_isa
  let layer: UnsafePointer<Layer>
  var source: UnsafePointer<Element>
  var target: UnsafeMutablePointer<Float>
  var residual: UnsafePointer<Float>?
  /// Units of work of one image.
  var units: Int32
  /// Elements and floats between the sources and the targets of neighboring images.
  var sourceStep = 0
  var targetStep = 0

  /// The call that the pool passes to a unit, for the image that the unit belongs to, and the unit's number
  /// within it.
  static func at(_ context: UnsafeMutableRawPointer?, _ unit: Int32) -> (call: Self, unit: Int32) {
    var call = unsafe contents(of: context, as: Self.self)
    let image = unsafe Int(unit / call.units)
    if image > 0 {
      unsafe call.source += image * call.sourceStep
      unsafe call.target += image * call.targetStep
      if let residual = unsafe call.residual { unsafe call.residual = residual + image * call.targetStep }
    }
    return unsafe (call, unit % call.units)
  }
}

extension KernelCalls {
  /// Runs all units of a call, those of each image that is computed together with others.
  func run<Layer, Element>(
    _ call: inout Call<Layer, Element>, _ body: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void
  ) {
    unsafe dispatch(call.units * Int32(images), &call, body)
  }

  /// Calls `body(context, u)` for each unit `u`: on the pool, or else here, one after the other.
  func dispatch<Context>(
    _ units: Int32, _ context: inout Context,
    _ body: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void
  ) {
    if let threads = unsafe threads { return unsafe threads.run(units, &context, body) }
    unsafe withUnsafeMutablePointer(to: &context) { context in
      for unit in 0..<units { unsafe body(context, unit) }
    }
  }
}

/// What the thread pool passed on to a unit: a copy of the caller's variable.
@unsafe
func contents<Value>(of context: UnsafeMutableRawPointer?, as type: Value.Type) -> Value {
  guard let context = unsafe context else { preconditionFailure("the pool passes on what it got") }
  return unsafe context.assumingMemoryBound(to: type).pointee
}
