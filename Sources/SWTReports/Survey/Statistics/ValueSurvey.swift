internal import PthReader
internal import SWTBytes
internal import SWTThreads
internal import Synchronization

/// Computes statistics of many tensors in bounded memory, on several threads.
package enum ValueSurvey {
  /// A tensor and the rule for its dead channels.
  package struct Item: Sendable {
    package let tensor: ValueTensor
    package let rule: ChannelFindings.Rule?

    package init(_ tensor: ValueTensor, _ rule: ChannelFindings.Rule?) {
      (self.tensor, self.rule) = (tensor, rule)
    }
  }

  /// Reads all items; a view with several names is read once.
  ///
  /// - Parameters:
  ///   - items: The items to read.
  ///   - threads: Number of threads.
  ///   - advance: Called with the size in bytes of each finished tensor.
  /// - Returns: The statistics of each item, in order; nil if there is no item or its elements are not real
  ///   numbers.
  /// - Throws: ``ParseFailure`` with the tensor's name, or an error of the weight file.
  package static func run(
    _ items: [Item?], threads: Int, advance: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [TensorStatistics?] {
    struct Key: Hashable { let view: StorageView; let rule: ChannelFindings.Rule? }
    var first: [Key: Int] = [:]
    var source = Array(items.indices)
    for (index, item) in items.enumerated() {
      guard let item, let view = item.tensor.view else { continue }
      let key = Key(view: view, rule: item.rule)
      if let known = first[key] { source[index] = known } else { first[key] = index }
    }
    let work = source.indices.filter { source[$0] == $0 && items[$0] != nil }
    let results = Mutex([TensorStatistics?](repeating: nil, count: items.count))
    try ParallelWork.run(count: work.count, threads: threads) { piece in
      guard let item = items[work[piece]] else { return }
      let statistics = try statistics(of: item)
      results.withLock { $0[work[piece]] = statistics }
      advance((item.tensor.width ?? 1) * item.tensor.shape.reduce(1, &*))
    }
    let found = results.withLock { $0 }
    return source.map { found[$0] }
  }

  /// The statistics of a tensor, which is read two or three times, because outliers are defined by the
  /// quartiles.
  static func statistics(of item: Item) throws -> TensorStatistics? {
    do {
      var scan = ValueScan(expecting: item.tensor.shape.reduce(1, &*))
      var channels = ChannelScan(item.rule, shape: item.tensor.shape)
      var stream = try item.tensor.open()
      while let piece = try stream.next() {
        guard let numbers = piece.numbers else { return nil }
        scan.add(numbers)
        channels?.add(numbers)
      }
      var statistics = scan.statistics()
      if let range = scan.table.doubtful {
        var refinement = QuantileRefinement(range)
        stream = try item.tensor.open()
        while let numbers = try stream.next()?.numbers { refinement.add(numbers) }
        statistics.quartiles = refinement.quartiles
      }
      statistics.channels = channels?.findings
      guard var spread = SpreadScan(statistics) else { return statistics }
      stream = try item.tensor.open()
      while let numbers = try stream.next()?.numbers { spread.add(numbers) }
      spread.add(to: &statistics)
      return statistics
    } catch let failure as ParseFailure {
      throw failure.inside(item.tensor.name)
    }
  }
}
