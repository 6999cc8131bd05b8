internal import SWTPlatform

/// Softmax of logits, row by row.
enum Softmax {
  static func rows(_ logits: [Double], of classes: Int) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(logits.count)
    for start in stride(from: 0, to: logits.count, by: max(1, classes)) {
      let row = logits[start..<min(start + classes, logits.count)]
      // Avoids overflow: the largest exponent is zero.
      let largest = row.max() ?? 0
      let powers = row.map { exp($0 - largest) }
      let sum = powers.reduce(0, +)
      result += powers.map { $0 / sum }
    }
    return result
  }
}
