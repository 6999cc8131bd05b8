// swift-tools-version: 6.2
import PackageDescription

// One program for each product, each with one import. Outside this repository the dependency is
// `.package(url: "https://…/pth2swt", from: "0.1.0")`.
let package = Package(
  name: "products",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "pth2swt", path: "../..")],
  targets: [
    .executableTarget(name: "floats", dependencies: [.product(name: "PthReader", package: "pth2swt")]),
    .executableTarget(name: "view", dependencies: [.product(name: "SWT", package: "pth2swt")]),
    .executableTarget(name: "logits", dependencies: [.product(name: "ResNetModel", package: "pth2swt")]),
    .executableTarget(name: "convert", dependencies: [.product(name: "Pth2SWT", package: "pth2swt")]),
    .executableTarget(name: "verify", dependencies: [.product(name: "Pth2SWT", package: "pth2swt")]),
  ]
)
