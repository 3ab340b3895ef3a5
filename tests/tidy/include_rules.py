"""Rules about who includes whom.  Each takes a tree and yields (path, line, fault)."""
import os
import re

QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ANGLED = re.compile(r"^\s*#\s*include\s+<([^>]+)>")
MAIN = re.compile(r"_main\.cc$")
MIRROR = re.compile(r"(tests|bench)/")   # They stand beside the layers and may use them all.

# A core folder decides from what it is given.
IMPURE = re.compile(
    r"(fstream|filesystem|iostream|thread|mutex|shared_mutex|condition_variable|future|atomic|stop_token|random|ctime|time\.h"
    r"|unistd\.h|fcntl\.h|poll\.h|sys/.*|netinet/.*|arpa/.*|grpc.*|google/protobuf/.*|openssl/rand\.h)$"
    r"|base/(mutex|system_clock|child_process|file_sync|stop_signal)\.h$|.*\.pb\.h$")
# Each outside thing has one home: (what is included, the folders that may, what they are).
HOMES = [
    (re.compile(r"pqxx(/|$)|libpq|postgresql/"), re.compile(r"(.*/)?pg(/|$)"), "pg/ folders"),
    (re.compile(r"grpc(pp)?/"), re.compile(r"base/grpc$|(.*/)?(rpc|link)$|sdk$|cli$"), "base/grpc, rpc/, link/, sdk/ and cli/"),
]


def read_layers(tree):
    """The lines of cmake/layers.txt: "folder: folders that it may include"."""
    layers = {}
    for _, text in tree.lines("cmake/layers.txt"):
        match = re.match(r"([a-z_/]+):(.*)$", text)
        if match:
            layers[match.group(1)] = set(match.group(2).split())
    return layers


def folder_of(include):
    if include.endswith(".pb.h"):
        return "proto"
    return os.path.dirname(include)


def layer(tree):
    if "cmake/layers.txt" not in tree.files:
        yield "cmake/layers.txt", 1, "it is missing; it says which folder may include which"
        return
    layers = read_layers(tree)
    for path in tree.cxx:
        if MIRROR.match(path) or MAIN.search(path):
            continue
        folder = os.path.dirname(path)
        if folder not in layers:
            yield path, 1, f"{folder or 'the root'} has no line in cmake/layers.txt; say there what it may include"
            continue
        for line, text in tree.lines(path):
            match = QUOTED.match(text)
            if not match:
                continue
            included = folder_of(match.group(1))
            if not included:
                yield path, line, f"include \"{match.group(1)}\" by its path from the root"
            elif included not in layers:
                yield path, line, f"{included} has no line in cmake/layers.txt; what is not ours is included in <>"
            elif included != folder and included not in layers[folder]:
                allowed = " ".join(sorted(layers[folder])) or "nothing"
                yield path, line, f"{folder} may not include {included}; cmake/layers.txt allows it: {allowed}"


def outside_home(tree):
    for path in tree.cxx:
        folder = os.path.dirname(path)
        if MIRROR.match(path) or MAIN.search(path):
            continue
        for line, text in tree.lines(path):
            match = QUOTED.match(text) or ANGLED.match(text)
            if not match:
                continue
            included = match.group(1)
            if os.path.basename(folder) == "core" and IMPURE.match(included):
                yield path, line, f"{included}: a core folder is pure; take what it would tell as an argument"
            for what, home, named in HOMES:
                if what.match(included) and not home.match(folder):
                    yield path, line, f"{included} stays in {named}"


RULES = {"layer": layer, "outside-home": outside_home}
