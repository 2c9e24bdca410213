#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of tests/api/README.md says the truth: each file and each test that it names is there, and each file of an interface is named. Usage: api_steps.py ROOT"""
import pathlib
import re
import sys

api = pathlib.Path(sys.argv[1]) / "tests" / "api"
text = (api / "README.md").read_text()
failed = []
named = set()
for row in re.findall(r"^\|.*\|$", text, re.M):
    for part in row.strip("|").split("|")[-1].split(";"):
        files = re.findall(r"`([./a-z0-9_]+\.c)`", part)
        for name in files:
            named.add(name)
            if not (api / name).exists():
                failed.append(f"there is no {name}")
        said = re.search(r"`([./a-z0-9_]+\.c)`: ([^`]*)$", part)
        if not said or not (api / said[1]).exists():
            continue
        tests = set(re.findall(r"cmocka_unit_test\w*\((\w+)", (api / said[1]).read_text()))
        for test in re.split(r", | to ", said[2].strip()):
            if not any(re.fullmatch(test.replace("*", ".*"), t) for t in tests):
                failed.append(f"{said[1]} has no test {test}")
for path in sorted(api.glob("*.c")):
    if "cmocka_unit_test" in path.read_text() and path.name not in named and not path.name.startswith("api_"):
        failed.append(f"the table says nothing of {path.name}")
print("\n".join(failed))
sys.exit(1 if failed or not named else 0)
