public import SWTBytes

/// A tensor that is in the file only in part: one shard of a distributed tensor.
///
/// It is never one of the file's tensors; the files of all ranks together have the whole.
public struct PartialTensor: Sendable {
  /// Path joined with dots, as for a tensor.
  public internal(set) var name: String = ""
  /// The steps from the root.
  public internal(set) var path: [PathComponent] = []
  /// What the file has of it, as a clause: `shard of rank 1 of 2: [1, 3, 7, 7] at [1, 0, 0, 0] of [2, 3, 7, 7]`.
  public let reason: String
  /// The pieces in the file; empty if they cannot be placed.
  let pieces: [Piece]
  /// The shape of the whole.
  let shape: [Int]
  /// The rank that wrote the file, if it is known.
  let rank: Int?
  /// Number of ranks, if it is known.
  let worldSize: Int?

  /// A box of the whole, and its values.
  struct Piece: Sendable {
    let offsets: [Int]
    let entry: TensorEntry
  }

  init(_ pieces: [Piece], of shape: [Int], rank: Int?, worldSize: Int?) {
    self.pieces = pieces
    self.shape = shape
    self.rank = rank
    self.worldSize = worldSize
    let boxes = pieces.map { "\($0.entry.shape) at \($0.offsets)" }.joined(separator: ", ")
    let ranks = rank.map { " of rank \($0)" } ?? ""
    let world = worldSize.map { " of \($0)" } ?? ""
    reason = "shard\(ranks)\(world): \(boxes.isEmpty ? "nothing" : boxes) of \(shape)"
  }

  /// A part that cannot be placed in the whole.
  init(unplaced reason: String, shape: [Int] = [], _ entry: TensorEntry? = nil) {
    self.reason = reason
    name = entry?.name ?? ""
    path = entry?.path ?? []
    self.shape = shape
    pieces = []
    (rank, worldSize) = (nil, nil)
  }
}

extension Checkpoint {
  /// Refuses a file that has only parts of some tensors: a shard is not a smaller tensor.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` that names the first of them.
  public func requireWhole() throws(ParseFailure) {
    guard let first = partial.first else { return }
    let others = partial.count > 1 ? ", and \(partial.count - 1) more are not whole" : ""
    throw ParseFailure(
      .unsupported("\(first.name.isEmpty ? "the tensor" : first.name) is a \(first.reason)\(others)"),
      hint: partialHint
        ?? "name the folder with the files of all ranks, or save full tensors: "
        + "get_model_state_dict with full_state_dict=True, or DTensor.full_tensor()")
  }
}
