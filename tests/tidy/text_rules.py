"""Rules about the text of single files.  Each takes a tree and yields (path, line, fault)."""
import re
import subprocess

LINES_MAX = 400
COLUMNS_MAX = 140  # clang-format wraps code at 120; SQL and tables, which it does not touch, may be wider
EXCUSE = re.compile(r"^[\s/#*\"-]*Long because ", re.MULTILINE)
MEASURED_SUFFIXES = (".cc", ".h", ".proto", ".py", ".sh", ".cmake", ".sql")
VAGUE_WORDS = re.compile(r"(?:^|[/_.-])(utils?|commons?|helpers?|misc|managers?)(?=$|[/_.-])")

# What no program of ours may call, where it may be called all the same, and what to do instead.
NOWHERE = re.compile(r"$^")
TEST_CODE = re.compile(r"(tests|bench)/")
BANNED_CALLS = [
    (re.compile(r"\bsleep_(?:for|until)\s*\(|\bSleepFor\s*\(|(?<![\w.>])(?:::)?(?:u|nano|clock_nano)?sleep\s*\("), NOWHERE,
     "nothing sleeps: wait on a stop signal or a condition, with a deadline"),
    (re.compile(r"(?<![\w.>])(?:std::|::)?(?:system|popen)\s*\("), NOWHERE,
     "no shell: start programs through base/child_process with an argument list"),
    (re.compile(r"\bstd::cout\b"), re.compile(r"cli/|(tests|bench)/|.*_main\.cc$"),
     "only the command line prints: log with base/log or return the text"),
    # gRPC takes its deadlines as civil time.
    (re.compile(r"(?<!set_deadline\(std::chrono::)\bsystem_clock::now\s*\(|\babsl::Now\s*\(|\b(?:gettimeofday|clock_gettime)\s*\("
                r"|(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0)\s*\)"), re.compile(r"base/system_clock\.cc$"),
     "only base/system_clock.cc asks the machine for the time: take a const Clock&"),
    (re.compile(r"\brandom_device\b|(?<![\w.>])(?:std::|::)?s?rand\s*\("), re.compile(r"base/random\.cc$"),
     "take a RandomSource&"),
]
# Written with a bracket inside, so that this file does not hold what it looks for.
MACHINE_WORDS = re.compile(
    r"/roo[t]/|/hom[e]/(?!ada\b|alice\b|bob\b|carol\b|user\b)[a-z]\w*|/wor[k]/(?:main|shared)\b"
    r"|\b(?:deb|security|snapshot|ftp(?:\.\w+)?)\.debia[n]\.org|archive\.ubunt[u]\.com|registry\.(?:npmj[s]\.org|yarnpk[g]\.com)"
    r"|\bpyp[i]\.org|pythonhoste[d]\.org|\b[\w.-]*(?:artifactor[y]|jfro[g])[\w.-]*\.\w+")
LOOSE_END = re.compile(r"\b(?:TOD[O]|FIXM[E])\b(?!\s*\(?#\d+)")


def file_length(tree):
    for path in tree.files:
        if tree.is_data(path) or not (path.endswith(MEASURED_SUFFIXES) or tree.is_script(path)):
            continue
        lines = tree.text(path).split("\n")
        if len(lines) - 1 > LINES_MAX and not EXCUSE.search("\n".join(lines[:15])):
            yield path, LINES_MAX + 1, (f"{len(lines) - 1} lines, at most {LINES_MAX}: split it, or begin a sentence in its "
                                        "first 15 lines with \"Long because\"")


def vague_name(tree):
    for path in tree.files:
        match = VAGUE_WORDS.search(path)
        if match and not tree.is_data(path):
            yield path, 1, f"'{match.group(1)}' says nothing about what is in there: name what it does"


def shared_number(tree):
    """Two changes made side by side each take the next number, and neither meets the other before both are there."""
    owners = {}
    for path in tree.files:
        match = re.match(r"(deploy/migrations/|docs/adr/)(\d{4})", path)
        if match and owners.setdefault(match.groups(), path) != path:
            yield path, 1, f"{owners[match.groups()]} has this number as well: give the later one the next"


def banned_call(tree):
    for path in tree.cxx:
        for pattern, allowed, advice in BANNED_CALLS:
            if allowed.match(path):
                continue
            for line, text in tree.code_lines(path):
                match = pattern.search(text)
                if match:
                    yield path, line, f"{match.group().strip().rstrip('(').rstrip()}: {advice}"


def sql_place(tree):
    for path in tree.cxx:
        # broker/embedded makes the roles and the database itself, before any pg/ folder can speak to them.
        if re.search(r"(^|/)pg/|^broker/embedded/", path) or TEST_CODE.match(path):
            continue
        for line, text in tree.lines(path):
            if 'R"sql(' in text:
                yield path, line, "SQL lives in pg/ folders only"


def todo_issue(tree):
    for path in tree.files:
        if tree.is_data(path) or path.endswith(".md"):
            continue
        for line, text in tree.lines(path):
            if LOOSE_END.search(text):
                yield path, line, "name the issue, as in (#12), or do it now"


def skipped_test(tree):
    for path in tree.cxx:
        for line, text in tree.code_lines(path):
            match = re.search(r"\bGTEST_SKIP\b|\bDISABLED_\w*", text)
            if match:
                yield path, line, f"{match.group()}: a test that does not run has not passed: mend it or remove it"


def line_length(tree):
    for path in tree.cxx:
        for line, text in tree.lines(path):
            if len(text) > COLUMNS_MAX:
                yield path, line, f"{len(text)} columns, at most {COLUMNS_MAX}"


def trailing_space(tree):
    for path in tree.files:
        if tree.is_data(path):
            continue
        for line, text in tree.lines(path):
            if text != text.rstrip():
                yield path, line, "space at the end of the line"
        if tree.text(path) and not tree.text(path).endswith("\n"):
            yield path, tree.text(path).count("\n") + 1, "the last line has no end"


def machine_word(tree):
    for path in tree.files:
        if "testdata" in path.split("/"):
            continue
        for line, text in tree.lines(path):
            match = MACHINE_WORDS.search(text)
            if match:
                yield path, line, f"'{match.group()}' belongs to one machine or network, not into the project"


def shellcheck(tree):
    scripts = [path for path in tree.files if tree.is_shell(path) and not tree.is_data(path)]
    if not scripts:
        return
    result = subprocess.run(["shellcheck", "-x", "-S", "warning", "-f", "gcc", *scripts], cwd=tree.root, capture_output=True, text=True)
    for text in (result.stdout + result.stderr).splitlines():
        match = re.match(r"(.*?):(\d+):\d+: (.*)", text)
        yield (match.group(1), int(match.group(2)), match.group(3)) if match else ("shellcheck", 0, text)


RULES = {
    "file-length": file_length,
    "vague-name": vague_name,
    "shared-number": shared_number,
    "banned-call": banned_call,
    "sql-place": sql_place,
    "todo-issue": todo_issue,
    "skipped-test": skipped_test,
    "line-length": line_length,
    "trailing-space": trailing_space,
    "machine-word": machine_word,
    "shellcheck": shellcheck,
}
