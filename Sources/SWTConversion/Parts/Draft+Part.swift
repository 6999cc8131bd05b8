internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

extension Draft {
  /// The draft of one part: consecutive tensors, so that all parts have about the same number of bytes.
  ///
  /// Scales and zero points stay with their tensor. Only the first part records the digest of the source: it
  /// needs a read of the whole source, which the other parts do without.
  ///
  /// - Throws: ``ConversionFailure`` if there are fewer tensors than parts.
  func part(_ part: ConversionPart) throws(ConversionFailure) -> Draft {
    let starts = groupStarts
    guard starts.count >= part.count else {
      throw .options(
        "a checkpoint of \(starts.count) tensors has at most \(starts.count) parts, not \(part.count)")
    }
    let borders = borders(starts, part.count)
    let range = borders[part.index - 1]..<borders[part.index]
    var draft = Draft()
    var places: [Int: Int] = [:]
    for index in range {
      var spec = contents.tensors[index]
      if let number = spec.quantization {
        spec.quantization = draft.contents.quantizations.count
        draft.contents.quantizations.append(contents.quantizations[number].moved(by: -range.lowerBound))
      }
      if let source = source(of: index), places[source] == nil {
        places[source] = draft.sources.count
        draft.sources.append(sources[source])
        draft.contents.sources.append(contents.sources[source])
      }
      draft.append(
        spec, values[index], contents.receipts.isEmpty ? .untouched : contents.receipts[index],
        source: source(of: index).flatMap { places[$0] })
    }
    draft.contents.metadata = contents.metadata
    draft.contents.metadata[ConversionPart.key] = .text(part.description)
    draft.contents.metadata[ConversionPart.tableKey] = .text(contents.tableDigest)
    if part.index > 1 { draft.contents.metadata[SWTFormat.sourceDigestKey] = nil }
    draft.contents.tensorAlignmentLog2 = contents.tensorAlignmentLog2
    draft.contents.dataAlignmentLog2 = contents.dataAlignmentLog2
    return draft
  }

  /// Indices of the tensors that a part may start with.
  private var groupStarts: [Int] {
    var attached: Set<Int> = []
    for record in contents.quantizations {
      attached.insert(record.scaleTensor)
      if let zeros = record.zeroTensor { attached.insert(zeros) }
    }
    return contents.tensors.indices.filter { !attached.contains($0) }
  }

  /// The tensors at which parts start and end: none is empty, and each starts where its share of the bytes does.
  private func borders(_ starts: [Int], _ count: Int) -> [Int] {
    // A tensor costs time even if it is small.
    let sizes = contents.tensors.map { Double((SWTFormat.byteCount($0.shape, $0.dtype) ?? 0) + 1024) }
    let share = sizes.reduce(0, +) / Double(count)
    var borders = [0]
    var before = 0.0
    var next = 0
    for (number, start) in starts.enumerated() {
      while next < start {
        before += sizes[next]
        next += 1
      }
      guard number > 0, borders.count < count else { continue }
      // As many tensors must be left as there are parts.
      let isLast = starts.count - number == count - borders.count
      if isLast || before >= share * Double(borders.count) { borders.append(start) }
    }
    return borders + [contents.tensors.count]
  }
}

extension SWTQuantization {
  /// The same record where all tensors have other indices.
  func moved(by distance: Int) -> SWTQuantization {
    var record = self
    record.scaleTensor += distance
    record.zeroTensor = zeroTensor.map { $0 + distance }
    record.activationScaleTensor = activationScaleTensor.map { $0 + distance }
    record.activationZeroTensor = activationZeroTensor.map { $0 + distance }
    return record
  }
}

extension SWTContents {
  /// SHA-256 of all tensors' names, types and shapes, in hexadecimal digits.
  var tableDigest: String {
    let digest = SystemDigests().makeSHA256()
    for tensor in tensors {
      let line = "\(tensor.name.utf8.count):\(tensor.name) \(tensor.dtype.rawValue) \(tensor.shape)\n"
      unsafe Array(line.utf8).withUnsafeBytes { digest.update(unsafe $0.bytes) }
    }
    return digest.finalize().hex
  }
}
