"""clang-format and clang-tidy over a tree.  Each rule takes a tree and yields (path, line, fault)."""
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import subprocess

CLANG_FORMAT = "clang-format-16"
CLANG_TIDY = "clang-tidy-16"
FAULT = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+):\d+: (?:warning|error): (?P<text>.*)", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
PRECOMPILED = re.compile(r" (-Winvalid-pch|-include \S*/cmake_pch\.hxx)(?= )")
GRPC = re.compile(r"grpc(pp)?/|.*\.grpc\.pb\.h$")


def found_faults(tree, output):
    """The faults in a clang program's output, each once, by path from the root."""
    seen = set()
    for match in FAULT.finditer(output):
        path = os.path.relpath(os.path.join(tree.root, match["path"]), tree.root)
        fault = (path, int(match["line"]), match["text"])
        if fault not in seen:
            seen.add(fault)
            yield fault


def clang_format(tree):
    if not tree.cxx:
        return
    parts = [part for part in (tree.cxx[i::tree.jobs] for i in range(tree.jobs)) if part]

    def run(files):
        return subprocess.run([CLANG_FORMAT, "--dry-run", "-Werror", *files], cwd=tree.root, capture_output=True, text=True)

    with concurrent.futures.ThreadPoolExecutor(tree.jobs) as pool:
        for result in pool.map(run, parts):
            badly_formatted = {}
            for path, line, text in found_faults(tree, result.stderr):
                badly_formatted.setdefault(path, (line, text))
            for path, (line, _) in badly_formatted.items():
                yield path, line, f"not as {CLANG_FORMAT} would have it; run: {CLANG_FORMAT} -i {path}"
            if result.returncode != 0 and not badly_formatted:
                yield CLANG_FORMAT, 0, result.stderr.strip()


class Sources:
    """What each source file includes of ours, directly and through others, and whether gRPC is among it."""

    def __init__(self, tree):
        self.places = [tree.root, os.path.join(tree.build, "generated")]

    @functools.lru_cache(maxsize=None)
    def direct(self, path):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        names = [quoted or angled for quoted, angled in INCLUDE.findall(text)]
        ours = []
        for name in names:
            for place in [*self.places, os.path.dirname(path)]:
                if os.path.isfile(os.path.join(place, name)):
                    ours.append(os.path.normpath(os.path.join(place, name)))
                    break
        return hashlib.sha256(text.encode()).hexdigest(), ours, any(GRPC.match(name) for name in names)

    def closure(self, path):
        """(path, content digest) of the file and all of ours that it includes, sorted; and whether any includes gRPC."""
        todo, known, grpc = [path], {}, False
        while todo:
            each = todo.pop()
            if each not in known:
                digest, ours, direct_grpc = self.direct(each)
                known[each] = digest
                grpc = grpc or direct_grpc
                todo += ours
        return sorted(known.items()), grpc


def tidy_key(tree, command, closure, tool):
    """Changes whenever the verdict on a file may; the same in every clone."""
    digest = hashlib.sha256()
    with open(os.path.join(tree.root, ".clang-tidy"), "rb") as file:
        digest.update(file.read())
    relative = [(os.path.relpath(path, tree.root), content) for path, content in closure]
    digest.update(json.dumps([tool, command.replace(tree.root, "."), relative]).encode())
    return digest.hexdigest()


def without_precompiled_header(tree, commands):
    """A folder with the same commands, without g++'s precompiled header, which clang takes for a damaged one of its own."""
    folder = os.path.join(tree.root, "build", "tidy")
    os.makedirs(folder, exist_ok=True)
    for entry in commands:
        entry["command"] = PRECOMPILED.sub("", entry["command"])
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(commands, file)
    return folder


def clang_tidy(tree):
    """Not over files that include gRPC: its headers alone take longer than all the rest."""
    try:
        with open(os.path.join(tree.build, "compile_commands.json"), encoding="utf-8") as file:
            commands = json.load(file)
    except OSError as error:
        yield "compile_commands.json", 0, f"{error.strerror}: {error.filename}; configure first: cmake --preset dev"
        return
    build = without_precompiled_header(tree, commands)
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "turnpike-tidy")
    os.makedirs(cache, exist_ok=True)
    sources, todo = Sources(tree), []
    for entry in commands:
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if os.path.relpath(path, tree.root) not in tree.cxx:
            continue
        closure, grpc = sources.closure(path)
        key = os.path.join(cache, tidy_key(tree, entry["command"], closure, version))
        if not grpc and not os.path.exists(key):
            todo.append((path, key))

    def run(work):
        path, key = work
        result = subprocess.run([CLANG_TIDY, "--quiet", "-p", build, path], cwd=tree.root, capture_output=True, text=True)
        if result.returncode == 0 and not FAULT.search(result.stdout):
            with open(key, "w", encoding="utf-8"):
                pass
        return path, result

    seen = set()
    with concurrent.futures.ThreadPoolExecutor(tree.jobs) as pool:
        for path, result in pool.map(run, todo):
            faults = list(found_faults(tree, result.stdout))
            yield from (fault for fault in faults if fault not in seen)
            seen.update(faults)
            if result.returncode != 0 and not faults:
                yield os.path.relpath(path, tree.root), 0, f"{CLANG_TIDY} failed: {result.stderr.strip()[-400:]}"


RULES = {"clang-format": clang_format, "clang-tidy": clang_tidy}
