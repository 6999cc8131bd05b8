import TestSupport
import Testing

/// Rules that a search of Sources proves. Each lists the files that are exempt, and why; the lists only shrink.
@Suite struct SourceRuleTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Words that no other file contains.
    var words: [String] = []
    /// A search that words cannot express.
    var finds: (@Sendable (Substring) -> Bool)?
    /// Modules that the rule does not apply to.
    var except: Set<String> = []
    /// Names of the files that are exempt, and why.
    var allowed: [String: String] = [:]
  }

  static let rules: [Rule] = [
    Rule(
      testDescription: "bytes from a file are errors, never the end of the program",
      words: ["fatalError(", "try!", "as!", "assertionFailure(", ".unsafelyUnwrapped"]),
    Rule(
      testDescription: "the libraries need no Foundation",
      words: ["import Foundation", "import FoundationEssentials"]),
    Rule(
      testDescription: "one place looks at magic bytes",
      words: ["FileMagic.swt", "0x89, 0x53, 0x57, 0x54", "0x50, 0x4B"],
      allowed: [
        "FileMagic.swift": "has the magic bytes of every format",
        "OpenedInput.swift": "recognizes weight files",
        "ForeignFile.swift": "names what is not a checkpoint", "SWTFormat.swift": "the format's constant",
      ]),
    Rule(
      testDescription: "one module starts threads",
      words: [
        "pthread_create(", "p2s_threads_create(", "Task.detached", "Task {", "DispatchQueue", "Thread(",
      ],
      allowed: [
        "threads.c": "the pool", "CThreads.h": "declares it", "ThreadPool.swift": "owns a pool",
        "Background.swift": "one thread for one result",
      ]),
    Rule(
      testDescription: "one place maps files", words: ["mmap("],
      allowed: [
        "MappedFile.swift": "the owner", "Signals.swift": "a page of zeros where a mapped file lost one",
      ]),
    Rule(
      testDescription: "few files open files for writing",
      words: ["O_WRONLY", "O_RDWR", "O_CREAT", "fopen(", "creat(", "mkstemp("],
      allowed: [
        "AtomicFile.swift": "the only writer of whole files",
        "OutputFile.swift": "adds to files that others add to: GITHUB_OUTPUT",
        "TemporarySpill.swift": "a file without a name, for streams that do not fit memory",
        "LeftoverTemporaries.swift": "locks what a killed run left",
        "StandardStreams.swift": "/dev/null in the place of closed ones",
      ]),
    Rule(
      testDescription: "only the console prints",
      words: ["print(", "debugPrint(", "dump(", "fputs(", "putchar(", "printf(", "fwrite("],
      allowed: [
        "GoldenScript+Quantized.swift": "the text of a Python script",
        "GoldenScript.swift": "a script in Python, which prints",
      ]),
    Rule(
      testDescription: "only main ends the program",
      words: ["exit(", "_exit(", "abort(", "quick_exit(", "raise("],
      allowed: [
        "main.swift": "with the command's status", "Signals.swift": "interrupts, and a reader that went away",
        "AtomicFile.swift": "abort() removes a temporary file",
      ]),
    Rule(
      testDescription: "commands read the environment", words: ["getenv(", "ProcessInfo"],
      allowed: [
        "Console.swift": "for commands", "TemporarySpill.swift": "TMPDIR, as every program that spills",
      ]),
    Rule(
      testDescription: "names from files are keys by their bytes: ExactString, not String",
      // The engine knows the names of its own layer tree alone.
      words: ["[String: ", "Set<String>"], except: ["ResNetEngine"],
      allowed: [
        "Architecture.swift": "layers of the network",
        "ArchitectureInference.swift": "leaves of the network",
        "ArchitectureSwitches.swift": "our own keys",
        "Arguments.swift": "names of options",
        "BatchNormFold.swift": "parameters of the network",
        "BlockHypotheses.swift": "layers of the network",
        "Console.swift": "the environment",
        "ConventionMetadata.swift": "our own keys",
        "ConventionReader.swift": "names of conventions",
        "ConventionSearch.swift": "names of conventions",
        "ConventionSpace.swift": "names of conventions",
        "Conventions+Sources.swift": "names of conventions",
        "Conventions.swift": "layers of the network",
        "ConversionJob.swift": "names of conventions",
        "ConvertCommand.swift": "folders to make",
        "ConvolutionHypotheses.swift": "layers of the network",
        "ExportGraph.swift": "names inside one graph, for conventions",
        "FileEvidence.swift": "attributes of Python modules",
        "ForeignModules.swift": "our list of operators",
        "FunctionHypotheses.swift": "layers of the network",
        "GlobalName.swift": "our lists of classes",
        "GoldenEmbedding.swift": "our own keys and names",
        "GoldenFields.swift": "taps of the network",
        "GoldenFloors.swift": "taps of the network",
        "GoldenObservations.swift": "taps of the network",
        "GoldenSettlement.swift": "names of conventions",
        "HeadChoice.swift": "our lists of modules",
        "HeadHypotheses.swift": "layers of the network",
        "Hypothesis.swift": "layers of the network",
        "ImportedArrays.swift": "layers of the network",
        "InspectPage+Header.swift": "counts to show",
        "InspectText.swift": "counts to show",
        "InspectTree.swift": "counts to show",
        "KeyFamily.swift": "leaves; equivalent names end in the same landmarks",
        "Leaves.swift": "leaves of the network; two equivalent names of one leaf are refused",
        "LeftoverTemporaries.swift": "takes names, compares bytes",
        "MMPretrain.swift": "our lists of modules",
        "MetadataComparison.swift": "metadata, compared by keys of the file",
        "MetadataKeys.swift": "our list of keys, which are ASCII",
        "Model.swift": "parameters of the network",
        "ModuleComparison.swift": "names of conventions",
        "ModuleEvidence.swift": "modules that evidence is about",
        "ModuleKind.swift": "our lists of classes",
        "ModuleRecord.swift": "attributes of Python modules",
        "MutationTest.swift": "layers of the network",
        "NearMiss.swift": "leaves of the network, for messages",
        "NarrowWeights.swift": "layers of the network",
        "NetworkGradient.swift": "layers of the network",
        "NetworkStateDict.swift": "parameters of the network",
        "NormHypotheses.swift": "layers of the network",
        "NpyHeader.swift": "our list of types",
        "OtherNetworks.swift": "names for a guess",
        "PickledAttributes.swift": "attributes of Python objects",
        "PickledCode.swift": "our lists of modules",
        "PlanMetadata.swift": "our own keys",
        "PrecisionFloors.swift": "taps of the network",
        "PrecisionHypotheses.swift": "layers of the network",
        "Prediction.swift": "layers of the network",
        "QuantizedLayers.swift": "layers of the network",
        "QuantizedModules.swift": "attributes of PyTorch's own classes",
        "QuantizedPlan.swift": "parameters of the network",
        "QuantizedRun.swift": "layers of the network",
        "QuantizedTopology.swift": "layers of the network",
        "RecordedArguments.swift": "attributes of Python objects",
        "ReducedPrecision.swift": "taps of the network",
        "RoundingDirection.swift": "layers of the network",
        "SWTArchitecture.swift": "our own keys",
        "SWTContents.swift": "metadata; reading a file with equivalent keys is refused",
        "SWTMetadataEdit.swift": "metadata; an index that is not reproduced is refused",
        "SWTQuantizedNetwork.swift": "layers of the network",
        "ScriptCode.swift": "names inside TorchScript code, for conventions",
        "SetMetaCommand.swift": "keys of a-z, 0-9, _ and .",
        "SettledConventions.swift": "layers of the network",
        "ShapeCauses.swift": "leaves of the network, for messages",
        "StateDictCandidate.swift": "names of averages, and names of the file as a set to search",
        "StateDictFit.swift": "leaves of the network",
        "StateDictReading.swift": "names of conventions",
        "StateDictWalk+Modules.swift": "attributes of Python modules",
        "StateDictWalk.swift": "buffers that are left out, by Python name",
        "TapShapes.swift": "layers of the network",
        "TorchPickle.swift": "globals that we write",
        "TorchTypes.swift": "our lists of classes",
        "Trial.swift": "layers of the network",
        "UnsettledNetwork.swift": "parameters of the network",
        "ValueSegments.swift": "parts of a module",
        "WeightDigests.swift": "values in memory; made exact at once",
        "WeightSearch.swift": "layers of the network",
        "WhatIf.swift": "layers of the network",
      ]),
    Rule(
      testDescription: "libraries throw facts, only commands name --flags",
      finds: { line in
        // In a string, at the start of a word.
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.indices.contains { place in
          guard place % 2 == 1 else { return false }
          let text = parts[place]
          return text.split { " =:".contains($0) }.contains { word in
            let option = word.drop { $0 == "(" }
            return option.hasPrefix("--") && option.dropFirst(2).first.map { $0.isLetter } == true
          }
        }
      }, except: ["SWTCommands", "SWTConsole"]),
  ]

  @Test(arguments: rules)
  func `a rule is violated only by the files that it lists`(rule: Rule) {
    var breakers: Set<String> = []
    for file in SourceTree.sources where !rule.except.contains(file.module) {
      for (number, line) in file.code where Self.breaks(line, rule) {
        breakers.insert(file.name)
        if rule.allowed[file.name] == nil {
          Issue.record("\(file.path):\(number): \(line.drop { $0 == " " })")
        }
      }
    }
    let idle = Set(rule.allowed.keys).subtracting(breakers)
    #expect(idle.isEmpty, "listed, and no longer needed: \(idle.sorted())")
  }

  private static func breaks(_ line: Substring, _ rule: Rule) -> Bool {
    if let finds = rule.finds { return finds(line) }
    return rule.words.contains { has($0, line.utf8) }
  }

  /// Whether the line contains the word as a whole word.
  private static func has(_ word: String, _ line: Substring.UTF8View) -> Bool {
    let word = Array(word.utf8)
    var before = UInt8(ascii: " ")
    var rest = line[...]
    while let first = rest.first {
      if first == word[0], !isName(before) || first == UInt8(ascii: "."), rest.starts(with: word) {
        return true
      }
      before = first
      rest = rest.dropFirst()
    }
    return false
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  @Test func `the search finds what it looks for`() {
    let rule = Rule(testDescription: "", words: ["mmap(", "try!", ".unsafelyUnwrapped"])
    for line in ["  let a = unsafe mmap(nil)", "try! f()", "a.unsafelyUnwrapped", "(try!f())"] {
      #expect(Self.breaks(line[...], rule), "\(line)")
    }
    for line in ["let a = my_mmap(nil)", "retry!", "x.mmap(1)", "mmap", ""] {
      #expect(!Self.breaks(line[...], rule), "\(line)")
    }
    let flags = Self.rules.last
    #expect(
      flags?.finds?("throw f(\"convert without --fold-bn\")") == true
        && flags?.finds?("a(\"var(--grid)\") - --b") == false)
  }

  // MARK: Sizes

  @Test func `no Swift file is longer than 400 lines, and half of them are short`() {
    let counts = SourceTree.sources.filter(\.isSwift).map { ($0.path, $0.lines.count - 1) }
    for (path, count) in counts + SourceTree.tests.filter(\.isSwift).map({ ($0.path, $0.lines.count - 1) }) {
      #expect(count <= 400, "\(path) has \(count) lines")
    }
    #expect(counts.map(\.1).sorted()[counts.count / 2] <= 100)
  }

  /// The formatter does not break comments, raw names and strings, so this number is checked; it only falls.
  @Test func `lines are not wider than the formatter's width`() {
    let wide = (SourceTree.sources + SourceTree.tests).filter(\.isSwift).flatMap { file in
      file.lines.enumerated().filter { $1.count > 110 }.map { "\(file.path):\($0.offset + 1)" }
    }
    #expect(wide.count <= 470, "\(wide.suffix(20))")
  }
}
