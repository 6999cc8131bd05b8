internal import CKernels
internal import ResNetArchitecture

/// Where a kernel left the largest magnitudes of its output: one per unit of work.
struct Magnitudes: Hashable, Sendable {
  /// An index into the plan's buffers.
  let buffer: Int
  /// Of one image.
  let count: Int
  /// Whether the kernel computed several images together: then those of all images are in the buffer of the
  /// first, image after image. Otherwise each image has a buffer of its own.
  let isJoint: Bool
}

/// A copy of a float32 activation as lines of bfloat16 or of 8-bit integers.
struct LineCopy: Hashable, Sendable {
  let source, target: Activation
  /// The buffer whose first float is the scale of integers, and which then has a largest magnitude for each
  /// unit.
  let scale: Int
  /// Those that the source's kernel found.
  let magnitudes: Magnitudes?
  /// Rows of one block, halo included, in one unit of work.
  let unitRows: Int

  static let magnitudesOffset = 16

  var blockUnits: Int { (target.planeRows + unitRows - 1) / unitRows }
  var units: Int { target.blocks * blockUnits }
}

/// How a convolution by products of tiles is cut into units, and what it uses beside input and output.
struct ProductCut: Hashable, Sendable {
  let unitPairs, unitPanels: Int
  /// What is added to the sums; may be the output.
  let sum: Activation?
  let relu: Bool
  /// The buffer with the scale of the input's integers.
  let scale: Int?
  /// A buffer of working memory, of so many floats for each unit that runs at the same time as others.
  let scratch, scratchCount: Int
  let magnitudes: Magnitudes?
}

extension Plan {
  /// Adds a convolution by products of tiles, and before it the copy that it reads, unless it reads the input
  /// itself.
  mutating func productConvolution(
    _ product: ProductConvolution, _ input: Activation, _ output: Activation, tap: String?, sum: Activation?
  ) {
    var (source, scale): (Activation, Int?) = (input, nil)
    if input.line != product.line {
      let copy = lineCopy(of: input, product.line)
      (source, scale) = (copy.target, product.line == .uint8 ? copy.scale : nil)
    }
    let cut = cut(product, source, output, sum: sum, scale: scale)
    var others = [cut.scratch]
    if let sum { others.append(sum.buffer) }
    if let scale { others.append(scale) }
    if let found = cut.magnitudes { others.append(found.buffer) }
    _ = add(.products(product, cut), source, output, tap: tap, using: others)
    magnitudes[output.buffer] = cut.magnitudes
  }

  /// A thread has two units: the tile unit is slow for some microseconds after each start, but one that is
  /// late should not make the others wait. Those of a layer with many weights share the pixels, so that each
  /// weight is read once.
  private mutating func cut(
    _ product: ProductConvolution, _ input: Activation, _ output: Activation, sum: Activation?, scale: Int?
  ) -> ProductCut {
    let isJoint = firstJointStage < stages.count
    let together = isJoint ? images : 1
    let isRelu = product.unit.relu || sum != nil
    let pairs = product.pairs(reading: input, writing: output, images: together)
    var (unitPairs, unitPanels) = (pairs, product.panels)
    let wanted = 2 * threads
    if threads > 1 {
      if product.weightCount > input.count || pairs < wanted, product.panels >= wanted {
        unitPanels = (product.panels + wanted - 1) / wanted
      } else {
        unitPairs = max(1, (pairs + wanted - 1) / wanted)
      }
    }
    let units = (pairs + unitPairs - 1) / unitPairs * ((product.panels + unitPanels - 1) / unitPanels)
    let scratch = product.scratch(reading: input, writing: output, images: together, unitPairs: unitPairs)
    // Integers read the output of this one, perhaps: the next copy may ask.
    let finds = network.precision == .i8 && output.line == .float32
    return ProductCut(
      unitPairs: unitPairs, unitPanels: unitPanels, sum: sum, relu: isRelu, scale: scale,
      scratch: buffer(scratch * (threads > 1 ? units : 1)), scratchCount: scratch,
      magnitudes: finds
        ? Magnitudes(buffer: buffer(together * units), count: units, isJoint: isJoint) : nil)
  }

  private mutating func lineCopy(of input: Activation, _ line: Activation.Line) -> LineCopy {
    if let copy = lineCopies[input.buffer] { return copy }
    let target = activation(input.layout, input.height, input.width, halo: input.halo, line: line)
    // About eight units for each thread.
    let rows = max(1, min(target.planeRows, target.planeRows * target.blocks / (8 * threads)))
    let units = target.blocks * ((target.planeRows + rows - 1) / rows)
    let found = magnitudes[input.buffer]
    let copy = LineCopy(
      source: input, target: target, scale: buffer(LineCopy.magnitudesOffset + units), magnitudes: found,
      unitRows: rows)
    lineCopies[input.buffer] = copy
    _ = add(
      .lines(copy), input, target, using: [copy.scale] + (found.map { [$0.buffer] } ?? []))
    return copy
  }
}

extension LayerTree {
  /// Names of the stages whose output is written as bfloat16: by a convolution among `products`, and read by
  /// such alone, as their input or as what they add to.
  func bfloatStages(products: Set<String>) -> Set<String> {
    func reads(_ block: ResidualBlock) -> Bool {
      guard block.attention == nil, products.contains(block.body[0].name),
        products.contains(block.body[block.body.count - 1].name)
      else { return false }
      switch block.shortcut {
      case .identity: return true
      case .padded: return false
      case .projection(let unit, let pool): return pool == nil && products.contains(unit.name)
      }
    }
    var names: Set<String> = []
    if maxPool == nil, let first = blocks.first, reads(first),
      products.contains(stem.units[stem.units.count - 1].name)
    {
      names.insert(stem.name)
    }
    for (block, next) in zip(blocks, blocks.dropFirst())
    where block.attention == nil && products.contains(block.body[block.body.count - 1].name) && reads(next) {
      names.insert(block.name)
    }
    return names
  }
}
