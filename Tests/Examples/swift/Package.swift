// swift-tools-version: 6.2
import PackageDescription

// What a package that uses pth2swt looks like. Outside this repository the dependency is
// `.package(url: "https://…/pth2swt", from: "0.1.0")`.
let package = Package(
  name: "classify",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "pth2swt", path: "../../..")],
  targets: [
    .executableTarget(
      name: "classify",
      dependencies: [
        .product(name: "SWT", package: "pth2swt"),
        .product(name: "Pth2SWT", package: "pth2swt"),
      ])
  ]
)
