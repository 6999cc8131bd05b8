internal import CKernels

/// A copy of an activation in fewer bits, which convolutions read: same layout and halo, smaller elements.
///
/// In the arena it is a header of floats, the scale first and from ``maximaOffset`` the largest value that
/// each unit of work found, and then the elements.
struct ReducedCopy: Hashable, Sendable {
  let number: p2s_number
  /// An index into the plan's buffers.
  let buffer: Int
  /// What it is a copy of.
  let source: Activation
  /// Rows of one block, halo included, in one unit of work.
  let unitRows: Int

  static let maximaOffset = 16

  init(_ number: p2s_number, of source: Activation, buffer: Int, threads: Int) {
    self.number = number
    self.source = source
    self.buffer = buffer
    // About eight units for each thread.
    unitRows = max(1, min(source.planeRows, source.planeRows * source.blocks / (8 * threads)))
  }

  private var blockUnits: Int { (source.planeRows + unitRows - 1) / unitRows }
  var units: Int { source.blocks * blockUnits }
  /// Offset of the elements, in floats.
  var elementsOffset: Int { Self.maximaOffset + (units + 15) / 16 * 16 }
  /// Floats in all.
  var count: Int { elementsOffset + source.count / number.wordChannels }

  /// The elements of unit `index`: consecutive, from an offset in the source.
  func range(ofUnit index: Int) -> Range<Int> {
    let row = index % blockUnits * unitRows
    let start = index / blockUnits * source.block + row * source.row
    return start..<start + min(unitRows, source.planeRows - row) * source.row
  }
}
