"""Swift blocks: all type-checked at once against the built modules, each in its own function; some are
run."""
import pathlib
import re
import shlex
import subprocess

from pages import ROOT

# What an example may leave unused.
HARMLESS = re.compile(r"never (used|mutated|read)|result .* unused|was never")
IMPORT = re.compile(r"^\s*((?:@\w+ +)*)(?:public +)?import\s+[\w.]+(?: *//.*)?$")


def flags(built):
    """Flags that let swiftc import the modules in a build folder of SwiftPM, and the C modules that they
    import."""
    result = ["-swift-version", "6", "-I", str(built / "Modules")]
    for path in sorted(built.glob("*.build/module.modulemap")):
        result += ["-Xcc", f"-fmodule-map-file={path}"]
    for path in sorted(ROOT.glob("Sources/*/module.modulemap")):
        result += ["-I", str(path.parent)]
    return result


def toolchain():
    """The folder of the toolchain's manifest library, for blocks with package manifests."""
    program = subprocess.run(["bash", "-c", "readlink -f \"$(command -v swiftc)\""], capture_output=True,
                             text=True)
    return pathlib.Path(program.stdout.strip()).parent.parent / "lib/swift/pm/ManifestAPI"


def surrounded(block):
    """The hidden code around a block, as (code before, code after)."""
    around = block.get("around")
    if around is not None:
        before, _, after = around.partition("…\n")
        return before, after
    return "".join(block.all("before")), ""


def chain(block):
    """The blocks that a block continues, first one first, and the block itself."""
    result = [block]
    while result[0].get("continues") is not None and result[0].previous:
        previous = result[0].previous
        while previous and previous.language != block.language:
            previous = previous.previous
        if not previous:
            break
        result.insert(0, previous)
    return result


def at_file_level(text):
    return any(re.match(r"(?:@main|(?:public |private |fileprivate )?extension)\b", line)
               for line in text.splitlines())


def source(block, name):
    """A file with the block in a function `name`, after its imports, with the page's line numbers."""
    imports, body = [], []
    whole = at_file_level(block.text) or "import PackageDescription" in block.text + "".join(
        surrounded(block))
    for part in chain(block):
        before, after = surrounded(part)
        front = [line for line in before.splitlines() if not IMPORT.match(line)]
        imports += [line for line in before.splitlines() if IMPORT.match(line)]
        # Within an expression, the directive cannot come right before the block.
        here = f'#sourceLocation(file: "{part.page.path}", line: %d)'
        if part.get("around") is not None:
            body += [here % max(1, part.line - len(front)), *front]
        else:
            body += [*front, here % part.line]
        for line in part.lines:
            if IMPORT.match(line):
                imports.append(line)
                line = ""
            body.append(line)
        if after:
            body += after.splitlines()
        body.append("#sourceLocation()")
    if block.page.module:
        imports.append(f"import {block.page.module}")
    head = "\n".join(dict.fromkeys(imports)) + "\n"
    code = "\n".join(body) + "\n"
    return head + (code if whole
                   else f"@available(macOS 26, iOS 26, *)\nfunc {name}() async throws {{\n{code}}}\n"), whole


def check(blocks, built, work):
    """{block index: messages} of all Swift blocks with mistakes."""
    work.mkdir(parents=True, exist_ok=True)
    wrong, together = {}, []
    for number, block in enumerate(blocks):
        text, whole = source(block, f"block{number}")
        path = work / f"block{number}.swift"
        path.write_text(text)
        if whole:
            manifest = ["-I", str(toolchain()), "-package-description-version",
                        "6.2.0"] if "import PackageDescription" in text else []
            message = compile_errors([path], flags(built) + manifest
                                     + ["-parse-as-library"] * ("@main" in text))
            if message:
                wrong[number] = message
        else:
            together.append((number, path))
    if together:
        message = compile_errors([path for _, path in together], flags(built) + ["-parse-as-library"])
        for line_group in re.split(r"\n(?=\S+:\d+:\d+: (?:error|warning):)", message or ""):
            place = re.match(r"(?:.*/)?(\S+?):(\d+):\d+:", line_group)
            hit = [number for number, _ in together if place
                   and owns(blocks[number], place[1], int(place[2]), number)]
            for number in hit or ([number for number, _ in together] if line_group.strip() else []):
                wrong[number] = (wrong.get(number, "") + "\n" + line_group).strip()
    return wrong


def owns(block, file, line, number):
    if file == f"block{number}.swift":
        return True
    return block.page.path.endswith(file) and any(
        part.line <= line <= part.line + len(part.lines) for part in [block])


def compile_errors(paths, options):
    done = subprocess.run(["swiftc", "-typecheck", *options, "-module-name", "Pages", *map(str, paths)],
                          cwd=ROOT, capture_output=True, text=True)
    output = done.stderr + done.stdout
    groups = re.split(r"\n(?=\S+:\d+:\d+: |<unknown>)", output)
    real = [group for group in groups if "error:" in group.split("\n")[0] or (
        "warning:" in group.split("\n")[0] and not HARMLESS.search(group.split("\n")[0]))]
    if done.returncode != 0 and not real:
        return output
    return "\n".join(group.strip() for group in real)


def program(blocks, built, work):
    """An executable that runs the block whose index is its argument. Raises with the compiler's messages."""
    work.mkdir(parents=True, exist_ok=True)
    paths, cases = [], ""
    for number, block in blocks:
        path = work / f"block{number}.swift"
        path.write_text(source(block, f"block{number}")[0])
        paths.append(path)
        cases += f'case "{number}": try await block{number}()\n'
    main = work / "main.swift"
    main.write_text(
        f"if #available(macOS 26, *) {{\nswitch CommandLine.arguments[1] {{\n{cases}default: "
        f"break\n}}\n}}\n")
    # The program's object files, without its own main.
    linked = shlex.split((built / "pth2swt.product/Objects.LinkFileList").read_text())
    objects = [path for path in linked if "/pth2swt.build/" not in path and "/SWTCommands.build/" not in path]
    result = work / "pages"
    done = subprocess.run(
        ["swiftc", "-suppress-warnings", *flags(built), "-module-name", "Pages", "-o", str(result),
         *map(str, paths), str(main),
         *objects, "-lzip", "-lz", "-lcrypto", "-ljpeg", "-lpng"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-3000:])
    return result
