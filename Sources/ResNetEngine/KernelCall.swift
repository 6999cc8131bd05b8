internal import CKernels

/// What each unit of work of one layer needs. It lies on the caller's stack while the region runs: a closure
/// that the pool's threads can call would be allocated.
@unsafe
struct Call<Layer: BitwiseCopyable, Element: BitwiseCopyable> {
  let isa: p2s_isa
  let layer: UnsafePointer<Layer>
  let source: UnsafePointer<Element>
  let target: UnsafeMutablePointer<Float>
  var residual: UnsafePointer<Float>?

  /// The call that the pool hands to a unit.
  static func at(_ context: UnsafeMutableRawPointer?) -> Self {
    guard let context = unsafe context else { preconditionFailure("the pool hands on what it got") }
    return unsafe context.assumingMemoryBound(to: Self.self).pointee
  }
}
