extension LayerTree {
  /// Height (or width) of what each stage of ``tapNames`` outputs for an image of that height (or width); 1
  /// after
  /// the final pooling, 0 where a kernel does not fit any more.
  public func outputSizes(imageSize: Int) -> [Int] {
    var size = imageSize
    var sizes: [Int] = []
    func add(_ next: Int) {
      size = size == 0 ? 0 : next
      sizes.append(size)
    }
    add(stem.outputSize(size))
    if let pool = maxPool {
      let pooled = pool.outputSize(size)
      add(poolBlur?.outputSize(pooled) ?? pooled)
    }
    for block in blocks { add(block.outputSize(size)) }
    if head != nil {
      add(1)
      add(1)
    }
    return sizes
  }

  /// Whether every kernel fits into an image of that height (or width), and each block's body has the size of its
  /// shortcut: average pooling in place of a stride drops the last row of an odd number, as in PyTorch.
  public func accepts(imageSize: Int) -> Bool {
    var size = stem.outputSize(imageSize)
    if let pool = maxPool { size = pool.outputSize(size) }
    if let blur = poolBlur { size = blur.outputSize(size) }
    for block in blocks {
      guard size > 0, block.outputSize(size) == block.shortcutSize(size) else { return false }
      size = block.outputSize(size)
    }
    return size > 0
  }

  /// The smallest height (or width) from `size` on that the network accepts; `size` if there is none near.
  package func acceptedSize(from size: Int) -> Int {
    (size..<size + 4096).first { accepts(imageSize: $0) } ?? size
  }

  /// The smallest height (or width) of an image with which stage `index` of ``tapNames`` has an input of
  /// `size`;
  /// nil if there is none.
  package func imageSize(for size: Int, enteringStage index: Int) -> Int? {
    guard index > 0 else { return size }
    func entering(_ image: Int) -> Int { outputSizes(imageSize: image)[index - 1] }
    // Each size grows by at most one when the image does.
    var (low, high) = (1, 1)
    while entering(high) < size {
      guard high < 1 << 32 else { return nil }
      low = high
      high *= 2
    }
    while low < high {
      let middle = (low + high) / 2
      if entering(middle) < size { low = middle + 1 } else { high = middle }
    }
    return entering(low) == size ? low : nil
  }
}
