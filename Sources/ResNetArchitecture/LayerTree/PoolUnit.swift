/// A pooling layer: a reduction over windows of each channel.
public struct PoolUnit: Hashable, Sendable {
  /// The reduction over a window.
  public enum Kind: Hashable, Sendable {
    /// The maximum; padding counts as −infinity.
    case maximum
    /// The mean of the pixels inside the image: `count_include_pad=False`.
    case average
    /// The mean of all pixels of the window, of which those outside the image are zero.
    case zeroPaddedAverage
    /// The product with the binomial weights `[1, 2, 1]` in both directions, divided by 16; pixels outside
    /// the
    /// image are reflected at its border.
    case blur
  }

  /// Tap name, or state-dict path: `maxpool`, `layer2.0.downsample.0`, `layer2.0.aa`.
  public let name: String
  /// The reduction over a window.
  public let kind: Kind
  /// Height and width of the window.
  public let kernel: Int
  /// Stride in both directions.
  public let stride: Int
  /// Pixels outside the image before its first row and column that a window may reach.
  public let padding: Int
  /// The same after its last row and column.
  public let paddingAfter: Int
  /// Whether the output size is rounded up.
  public let ceilMode: Bool

  init(
    name: String, kind: Kind, kernel: Int, stride: Int, padding: Int = 0, paddingAfter: Int? = nil,
    ceilMode: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.paddingAfter = paddingAfter ?? padding
    self.ceilMode = ceilMode
  }

  /// The same with the other ``ceilMode``.
  package var roundedOtherwise: PoolUnit {
    PoolUnit(
      name: name, kind: kind, kernel: kernel, stride: stride, padding: padding, paddingAfter: paddingAfter,
      ceilMode: !ceilMode)
  }

  /// A binomial filter.
  static func blur(_ name: String, stride: Int) -> PoolUnit {
    PoolUnit(name: name, kind: .blur, kernel: 3, stride: stride, padding: 1)
  }

  /// Output size along one side; 0 if the window does not fit.
  ///
  /// Source: ATen/native/Pool.h, `pooling_output_shape_pad_lr`: with `ceilMode` the last window must start
  /// inside the image or its left padding.
  public func outputSize(_ size: Int) -> Int {
    // A reflected border repeats pixels after the first, so there must be as many.
    if kind == .blur, size <= padding { return 0 }
    let free = size + padding + paddingAfter - kernel
    guard free >= 0 || ceilMode && free + stride > 0 else { return 0 }
    var count = (free + (ceilMode ? stride - 1 : 0)) / stride + 1
    if ceilMode, (count - 1) * stride >= size + padding { count -= 1 }
    return count
  }
}
