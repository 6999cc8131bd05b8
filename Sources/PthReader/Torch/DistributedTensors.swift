internal import SWTBytes
internal import SWTTensors

/// Tensors that are spread over several processes: `DTensor` and `ShardedTensor`.
///
/// Sources: torch/distributed/tensor/_api.py, `_dtensor_spec.py` and `_utils.py`
/// (`compute_local_shape_and_global_offset`); torch/distributed/_shard/sharded_tensor/api.py.
extension TensorDecoder {
  enum DistributedClass {
    case dtensor, shardedTensor

    init?(_ global: GlobalName?) {
      guard let global, global.module.hasPrefix("torch.distributed.") else { return nil }
      switch global.name {
      case "DTensor": self = .dtensor
      case "ShardedTensor": self = .shardedTensor
      default: return nil
      }
    }
  }

  /// `_rebuild_from_type_v2(_rebuild_wrapper_subclass, DTensor, (DTensor, dtype, size, …), state)`.
  func distributed(
    _ kind: DistributedClass, _ arguments: [NodeID], state: NodeID?, depth: Int
  ) throws(ParseFailure) -> Decoded {
    guard arguments.count > 2, let state else {
      return .partial(PartialTensor(unplaced: "distributed tensor without its parts"))
    }
    let shape = try integers(arguments[2], "size")
    do throws(ParseFailure) {
      switch kind {
      case .dtensor: return try dtensor(state, shape, depth: depth)
      case .shardedTensor: return try shardedTensor(state, shape, depth: depth)
      }
    } catch {
      guard case .unsupported(let reason) = error.reason else { throw error }
      return .partial(PartialTensor(unplaced: reason, shape: shape))
    }
  }

  private func dtensor(
    _ state: NodeID, _ shape: [Int], depth: Int
  ) throws(ParseFailure) -> Decoded {
    let attributes = arena.attributes(state)
    guard let local = attributes["_local_tensor"], let spec = attributes["_spec"] else {
      throw ParseFailure(.invalid("a DTensor has no local tensor or no placements"))
    }
    let entry = try component(local, "_local_tensor", depth: depth)
    let parts = arena.attributes(of: spec)
    guard let meshID = parts["mesh"], let placementsID = parts["placements"] else {
      throw ParseFailure(.invalid("a DTensor has no mesh or no placements"))
    }
    let mesh = try mesh(meshID, depth: depth)
    let placements = try placements(placementsID)
    guard placements.count == mesh.sizes.count else {
      throw ParseFailure(
        .invalid("\(placements.count) placements on a mesh of \(mesh.sizes.count) dimensions"))
    }
    let order = parts["shard_order"].flatMap { shardOrder($0) } ?? [:]
    let box = try Placement.box(of: shape, placements, order, mesh.sizes, mesh.coordinate)
    guard entry.shape == box.sizes else {
      throw ParseFailure(
        .invalid("the local tensor has shape \(entry.shape); its placements say \(box.sizes) of \(shape)"))
    }
    if box.sizes == shape { return .tensors([Part(tensor: entry)]) }
    return .partial(
      PartialTensor(
        [PartialTensor.Piece(offsets: box.offsets, entry: entry)], of: shape, rank: mesh.rank,
        worldSize: try Checked.product(mesh.sizes, "size of a mesh")))
  }

  /// The state is `(local shards, metadata, process group, sharding, …)`.
  private func shardedTensor(
    _ state: NodeID, _ shape: [Int], depth: Int
  ) throws(ParseFailure) -> Decoded {
    guard let parts = arena.elements(state), parts.count >= 3, let shards = arena.elements(parts[0]) else {
      throw ParseFailure(.unsupported("a ShardedTensor of another version"))
    }
    var pieces: [PartialTensor.Piece] = []
    for shard in shards {
      let attributes = arena.attributes(of: shard)
      guard let tensor = attributes["tensor"], let metadata = attributes["metadata"],
        let offsets = arena.attributes(of: metadata)["shard_offsets"]
      else { throw ParseFailure(.invalid("a shard has no tensor or no offsets")) }
      let entry = try component(tensor, "of a shard", depth: depth)
      pieces.append(.init(offsets: try integers(offsets, "shard offset"), entry: entry))
    }
    if pieces.count == 1, pieces[0].entry.shape == shape { return .tensors([Part(tensor: pieces[0].entry)]) }
    let group = arena.attributes(of: parts[2])
    return .partial(
      PartialTensor(
        pieces, of: shape, rank: group["global_rank"].flatMap { arena.int($0) },
        worldSize: group["global_world_size"].flatMap { arena.int($0) }))
  }

  // MARK: Mesh and placements

  private struct Mesh {
    /// Number of ranks along each dimension.
    let sizes: [Int]
    /// The place of the rank that wrote the file.
    let coordinate: [Int]
    let rank: Int?
  }

  private func mesh(_ id: NodeID, depth: Int) throws(ParseFailure) -> Mesh {
    let attributes = arena.attributes(of: id)
    var sizes: [Int]?
    if let layout = attributes["_layout"] {
      // PyTorch 2.9 and later describe the mesh by shapes and strides, since 2.13 one per dimension.
      let parts = arena.attributes(of: layout)
      let axes = parts["axes"].flatMap { arena.elements($0) }
      if let axes {
        sizes = try meshSizes(axes.map { arena.attributes(of: $0)["shape"] ?? $0 })
      } else if let shape = parts["shape"] {
        sizes = try meshSizes(arena.elements(shape) ?? [shape])
      }
    } else if let ranks = attributes["mesh"] ?? attributes["_mesh"] {
      sizes = try component(ranks, "mesh", depth: depth).shape
    }
    guard let sizes, let place = attributes["_coordinate_on_dim"], arena.kind(place) != .none else {
      throw ParseFailure(.unsupported("shard whose file does not say which rank wrote it"))
    }
    let coordinate = try integers(place, "coordinate")
    guard coordinate.count == sizes.count, zip(coordinate, sizes).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
      throw ParseFailure(.invalid("the coordinate \(coordinate) is not on a mesh of \(sizes)"))
    }
    return Mesh(sizes: sizes, coordinate: coordinate, rank: attributes["_rank"].flatMap { arena.int($0) })
  }

  private func meshSizes(_ ids: [NodeID]) throws(ParseFailure) -> [Int] {
    var sizes: [Int] = []
    for id in ids { sizes.append(try meshSize(id)) }
    return sizes
  }

  /// A number, or the product of nested tuples of numbers; an empty one is 1.
  private func meshSize(_ id: NodeID, depth: Int = 0) throws(ParseFailure) -> Int {
    if let number = arena.int(id), number > 0 { return number }
    guard depth < 8, arena.kind(id) == .tuple, let parts = arena.elements(id) else {
      throw ParseFailure(.invalid("the size of a mesh is not a number"))
    }
    var product = 1
    for part in parts {
      product = try Checked.multiply(product, try meshSize(part, depth: depth + 1), "size of a mesh")
    }
    return product
  }

  private func placements(_ id: NodeID) throws(ParseFailure) -> [Placement] {
    guard let ids = arena.elements(id) else { throw ParseFailure(.invalid("a DTensor has no placements")) }
    try limits.check(.rank, ids.count)
    var placements: [Placement] = []
    for id in ids {
      guard let object = arena.object(id), let name = arena.global(object.callable)?.name else {
        throw ParseFailure(.invalid("a placement is not an object"))
      }
      let attributes = arena.attributes(of: id)
      let dimension = attributes["dim"].flatMap { arena.int($0) }
      switch (name, dimension) {
      case ("Replicate", _): placements.append(.replicate)
      case ("Shard", let dimension?): placements.append(.shard(dimension))
      case ("_StridedShard", let dimension?):
        guard let factor = attributes["split_factor"].flatMap({ arena.int($0) }) else { fallthrough }
        placements.append(.stridedShard(dimension, splitFactor: factor))
      case ("Partial", _), ("_Partial", _), ("_MaskPartial", _):
        throw ParseFailure(.unsupported("partial sum, of which every rank has a summand"))
      default: throw ParseFailure(.unsupported("shard with the placement \(name)"))
      }
    }
    return placements
  }

  /// `(ShardOrderEntry(tensor dimension, mesh dimensions), …)`: the order in which a dimension is split.
  private func shardOrder(_ id: NodeID) -> [Int: [Int]]? {
    guard let entries = arena.elements(id) else { return nil }
    var order: [Int: [Int]] = [:]
    for entry in entries {
      guard let object = arena.object(entry), let parts = arena.fewElements(object.arguments),
        parts.count == 2,
        let dimension = arena.int(parts[0]), let meshDimensions = arena.elements(parts[1])
      else { return nil }
      order[dimension] = meshDimensions.compactMap { arena.int($0) }
    }
    return order
  }
}
