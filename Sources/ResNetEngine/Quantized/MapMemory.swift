internal import Synchronization

/// The memory of maps that are no longer needed, for the next ones: asking the system for megabytes per layer
/// takes as long as a fifth of the arithmetic.
///
/// An array that is still in use somewhere is copied when it is written, so giving it back early is harmless.
final class MapMemory: Sendable {
  /// A block has its input, two maps of its body, a padded one and its shortcut.
  private static let most = 6
  private let free = Mutex<[[UInt8]]>([])

  /// A map whose bytes are undefined.
  func map(
    rows: Int, width: Int, channels: Int, stride: Int, _ numbers: QuantizationNumbers
  ) -> QuantizedMap {
    let count = rows * width * stride
    let bytes = free.withLock { free -> [UInt8]? in
      let fitting = free.indices.filter { free[$0].count >= count }
      guard let best = fitting.min(by: { free[$0].count < free[$1].count }) else { return nil }
      return free.remove(at: best)
    }
    return QuantizedMap(
      rows: rows, width: width, channels: channels, stride: stride, numbers,
      in: bytes ?? [UInt8](repeating: 0, count: count))
  }

  /// Takes the memory of a map that nothing reads any more.
  func recycle(_ map: QuantizedMap) {
    free.withLock { free in
      free.append(map.bytes)
      guard free.count > Self.most else { return }
      if let least = free.indices.min(by: { free[$0].count < free[$1].count }) { free.remove(at: least) }
    }
  }

  /// The map with a border of its zero point, which is real zero.
  func padded(_ map: QuantizedMap, by padding: Int) -> QuantizedMap {
    guard padding > 0 else { return map }
    let (width, stride) = (map.width + 2 * padding, map.stride)
    var result = self.map(
      rows: map.rows + 2 * padding, width: width, channels: map.channels, stride: stride, map.numbers)
    let zero = UInt8(clamping: map.numbers.zero)
    unsafe result.bytes.withUnsafeMutableBufferPointer { target in
      unsafe map.bytes.withUnsafeBufferPointer { source in
        var end = 0
        for row in 0..<map.rows {
          let place = ((row + padding) * width + padding) * stride
          unsafe (target.start + end).update(repeating: zero, count: place - end)
          end = place + map.width * stride
          unsafe (target.start + place).update(
            from: source.start + row * map.width * stride, count: map.width * stride)
        }
        let count = (map.rows + 2 * padding) * width * stride
        unsafe (target.start + end).update(repeating: zero, count: count - end)
      }
    }
    return result
  }
}
