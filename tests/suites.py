"""Makes one test suite of several builds, and refuses one that would leave something out.

Used by tests/run:
  suites.py targets BUILD --label RE [--name RE]      the ninja targets that those tests need
  suites.py merge OUT --suites FILE --name RE --build BUILD FOLDER LABEL_RE ...
                                                      OUT/CTestTestfile.cmake with the tests of every build
  suites.py judge JUNIT_FILE                          fails when a test did not run
"""
import argparse
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

# Where a test leaves something out, it says so in its output; and what was left out has not passed.
SKIP_SIGNS = [r"\[  SKIPPED \]", r"Running 0 tests from 0 test suites", r"OK \(skipped=", r"Ran 0 tests"]
# With these a test may be left out, or passes whatever its program says.
FORBIDDEN_PROPERTIES = {"DISABLED", "SKIP_RETURN_CODE", "SKIP_REGULAR_EXPRESSION", "WILL_FAIL", "PASS_REGULAR_EXPRESSION"}
NAMING_PROPERTIES = {"DEPENDS", "FIXTURES_SETUP", "FIXTURES_REQUIRED", "FIXTURES_CLEANUP"}
SANITIZERS = {
    "asan": ["ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
             "UBSAN_OPTIONS=print_stacktrace=1"],
    "tsan": ["TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1"],
}


def fail(text):
    sys.exit(f"tests/run: {text}")


class Test:
    def __init__(self, described):
        self.name = described["name"]
        self.command = described.get("command")
        self.properties = {entry["name"]: entry["value"] for entry in described["properties"]}
        self.labels = self.properties.get("LABELS", [])


def tests_of(build, label, name=""):
    shown = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, text=True)
    if shown.returncode != 0:
        fail(f"ctest cannot list the tests of {build}: {shown.stderr.strip()}")
    tests = [Test(described) for described in json.loads(shown.stdout)["tests"]]
    unlabelled = [test.name for test in tests if not test.labels]
    if unlabelled:
        fail(f"{', '.join(unlabelled)}: no label, so that only a run of everything would run it; set LABELS")
    return [test for test in tests
            if any(re.fullmatch(label, each) for each in test.labels) and re.search(name, test.name)]


def targets(arguments):
    """A unit or pg test is a target of its own name; any other needs the programs, that is everything."""
    tests = tests_of(arguments.build, arguments.label, arguments.name)
    if not tests:
        fail(f"no test of {arguments.build} has a label like '{arguments.label}' and a name like '{arguments.name}'; "
             f"list them with: ctest --test-dir {arguments.build} -N")
    own = all(set(test.labels) <= {"unit", "pg"} for test in tests)
    print("\n".join(test.name for test in tests) if own else "all")


def quoted(text):
    return f"[==[{text}]==]"


def value_of(key, value, prefix):
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list):
        if key in NAMING_PROPERTIES:
            value = [prefix + each for each in value]
        return quoted(";".join(str(each).replace(";", "\\;") for each in value))
    if isinstance(value, (str, int, float)):
        return quoted(value)
    return None


def written(test, build):
    prefix = "" if build == "dev" else build + "."
    forbidden = FORBIDDEN_PROPERTIES & set(test.properties)
    if forbidden:
        fail(f"test {prefix}{test.name} sets {', '.join(sorted(forbidden))}; a test that may be left out or cannot fail is no test: "
             "remove that")
    if not test.command:
        fail(f"test {prefix}{test.name} has no program; was it built?")
    properties = dict(test.properties)
    properties["ENVIRONMENT"] = properties.get("ENVIRONMENT", []) + SANITIZERS.get(build, [])
    properties["FAIL_REGULAR_EXPRESSION"] = properties.get("FAIL_REGULAR_EXPRESSION", []) + SKIP_SIGNS
    properties["LABELS"] = test.labels if build == "dev" else [build] + test.labels
    lines = [f"add_test({quoted(prefix + test.name)} {' '.join(quoted(each) for each in test.command)})"]
    for key, value in properties.items():
        text = value_of(key, value, prefix)
        if text is not None and value != []:
            lines.append(f"set_tests_properties({quoted(prefix + test.name)} PROPERTIES {key} {text})")
    return "\n".join(lines)


def required(path):
    """Lines of suites.txt: BUILD LABEL [TEST]."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words = line.split("#")[0].split()
            if words:
                yield words[0], words[1], words[2] if len(words) > 2 else None


def merge(arguments):
    texts, missing = [], []
    for build, folder, label in arguments.build:
        tests = tests_of(folder, label, arguments.name)
        texts += [written(test, build) for test in tests]
        for wanted_build, wanted_label, wanted_test in required(arguments.suites):
            if wanted_build == build and re.fullmatch(label, wanted_label) and not arguments.name:
                found = [test for test in tests if wanted_label in test.labels and wanted_test in (None, test.name)]
                if not found:
                    missing.append(" ".join(filter(None, (wanted_build, wanted_label, wanted_test))))
    if missing:
        fail(f"tests/suites.txt names suites that are not there: {'; '.join(missing)}; "
             "give them back, or take the line out with a reason")
    os.makedirs(arguments.out, exist_ok=True)
    with open(os.path.join(arguments.out, "CTestTestfile.cmake"), "w", encoding="utf-8") as out:
        out.write("\n".join(texts) + "\n")


def judge(arguments):
    cases = xml.etree.ElementTree.parse(arguments.junit).getroot().findall("testcase")
    left_out = [case.get("name") for case in cases if case.get("status") not in ("run", "fail")]
    if left_out:
        fail(f"did not run: {', '.join(left_out)}; a test that is skipped has not passed")
    if not cases:
        fail("no test ran")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("targets")
    command.add_argument("build")
    command.add_argument("--label", default=".*")
    command.add_argument("--name", default="")
    command.set_defaults(run=targets)
    command = commands.add_parser("merge")
    command.add_argument("out")
    command.add_argument("--suites", required=True)
    command.add_argument("--name", default="")
    command.add_argument("--build", action="append", nargs=3, required=True)
    command.set_defaults(run=merge)
    command = commands.add_parser("judge")
    command.add_argument("junit")
    command.set_defaults(run=judge)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
