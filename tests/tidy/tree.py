"""The files of a source tree, as the rules see them."""
import functools
import os
import re
import subprocess

CXX_SUFFIXES = (".cc", ".h")
UNCHECKED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}

# Comments, raw strings, strings and character literals, in the order in which they must be tried.
_CXX_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"([^()\s\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


class Tree:
    def __init__(self, root, build, jobs):
        self.root = root
        self.build = build
        self.jobs = jobs
        self.files = sorted(path for path in self._listed() if self.text(path) is not None)
        self.cxx = [path for path in self.files if path.endswith(CXX_SUFFIXES) and not self.is_data(path)]

    def _listed(self):
        """What git tracks or would track; without git, every file."""
        if os.path.exists(os.path.join(self.root, ".git")):
            shown = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                   capture_output=True, text=True, check=True)
            return {path for path in shown.stdout.split("\0") if os.path.isfile(os.path.join(self.root, path))}
        found = set()
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in UNCHECKED_FOLDERS]
            found |= {os.path.relpath(os.path.join(folder, name), self.root) for name in names}
        return found

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        """None for what is not text."""
        with open(os.path.join(self.root, path), "rb") as file:
            data = file.read()
        try:
            return None if b"\0" in data else data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        """C++ with comments and literals blanked out, line for line."""
        return _CXX_TEXT.sub(_blank, self.text(path))

    def lines(self, path):
        return enumerate(self.text(path).split("\n"), 1)

    def code_lines(self, path):
        return enumerate(self.code(path).split("\n"), 1)

    @staticmethod
    def is_data(path):
        """Captured output and other people's files are kept byte for byte."""
        return "testdata" in path.split("/") or path.startswith("proto/google/")

    def is_script(self, path):
        return "." not in os.path.basename(path) and self.text(path).startswith("#!")

    def is_shell(self, path):
        first = self.text(path).split("\n", 1)[0]
        return path.endswith(".sh") or (first.startswith("#!") and re.search(r"\b(ba|da)?sh\b", first) is not None)
