#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shape of src/, which docs/architecture.md draws: no circle of more than three rooms, no arrow from a lower folder to a higher one, no struct that is
everybody's. A room is a .c file with the .h file of its name. An arrow leads from one room to another when the first includes the other's header, or uses a
function that the other's .c file alone defines. With --before it judges nothing, and prints the numbers of another tree beside those of this one. Usage: shape.py ROOT [--before OTHER_ROOT]"""
import collections
import os
import re
import sys

CIRCLE_MAX = 3
FIELDS_MAX = 25

# The rest of what was larger: how many rooms the largest circle of a folder may have, and how many fields a struct. These lists only ever get shorter.
CIRCLES_LEFT = {}
STRUCTS_LEFT = {}
# Structs that may have more fields, for one alone writes to them: the .c file's room; "" when it is the program that uses the library.
STRUCTS_OWNED = {
    "rtc_configuration": "",
}
# The loop stands on top: like any program it uses the public face, which is declared in include/crtc/ and src/base/driver.h, and nobody below knows it.
ON_TOP = {"io": {"transport", "peer"}}


def without_comments(text):
    """Comments and the contents of strings blanked out, lines kept."""
    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + found[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


class Sources:
    """All files of src/ and the public headers: their text, and which room and folder each belongs to."""

    def __init__(self, root):
        self.raw, self.text = {}, {}
        for top in ("src", "include/crtc"):
            for folder, _, names in os.walk(os.path.join(root, top)):
                for name in sorted(names):
                    if name.endswith((".c", ".h")):
                        path = os.path.relpath(os.path.join(folder, name), root)
                        with open(os.path.join(root, path), encoding="utf-8") as file:
                            self.raw[path] = file.read()
                        self.text[path] = without_comments(self.raw[path])
        self.headers = {os.path.basename(path): path for path in self.text if path.endswith(".h")}

    def of_src(self):
        return [path for path in sorted(self.text) if path.startswith("src/")]


def room(path):
    return path[len("src/"):-2]


def folder(name):
    return name.split("/")[0]


def functions_defined(text):
    """Names of the functions with external linkage that a .c file defines: at the left margin, the body's brace on a line of its own (.clang-format)."""
    names = set()
    for match in re.finditer(r"^(?!static\b|typedef\b)[A-Za-z_][\w \t*]*?\b(\w+)\(([^;{}]*?)\)\s*\n\{", text, re.M):
        names.add(match.group(1))
    return names


def uses(text, name):
    """Whether the function is called, or handed on as a value, and not just the name of something local."""
    if re.search(r"(?<![.>\w])%s\(" % name, text):
        return True
    return bool(re.search(r"[=,(&?:{]\s*%s\s*[,;)}:]" % name, text)) and not re.search(r"\w[\s*]+%s\s*[=;,)\[]" % name, text)


def arrows(sources):
    """room -> room -> the reasons: "#" for an include, else functions."""
    definers = collections.defaultdict(set)
    for path in sources.of_src():
        if path.endswith(".c"):
            for name in functions_defined(sources.text[path]):
                definers[name].add(path)
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for path in sources.of_src():
        here = room(path)
        for name in re.findall(r'#include "([^"]+)"', sources.raw[path]):
            header = sources.headers.get(os.path.basename(name))
            if header and header.startswith("src/") and room(header) != here:
                found[here][room(header)].add("#")
        if path.endswith(".h"):
            continue
        for name in set(re.findall(r"[A-Za-z_]\w+", sources.text[path])) & set(definers):
            if len(definers[name]) == 1:
                there = room(next(iter(definers[name])))
                if there != here and uses(sources.text[path], name):
                    found[here][there].add(name)
    return found


def circles(graph):
    """The strongly connected components of more than one room (Tarjan), the largest first."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(found, key=lambda circle: (-len(circle), circle))


def may_see(root):
    """folder -> the folders below it, as the build has it (crtc_module in src/*/CMakeLists.txt)."""
    sees = {}
    for name in sorted(os.listdir(os.path.join(root, "src"))):
        path = os.path.join(root, "src", name, "CMakeLists.txt")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                match = re.search(r"crtc_module\(%s\s+(?:SEES\s+([\w\s]*?)\s*)?SOURCES" % name, file.read())
            sees[name] = set((match.group(1) or "").split()) if match else set()
    return sees


def structs(sources):
    """(struct, header) -> how many members it has; an inner struct counts as its members' name does, once."""
    found = {}
    for path, text in sources.text.items():
        for match in re.finditer(r"\bstruct\s+(\w+)\s*\{", text):
            depth, at = 1, match.end()
            while depth > 0:
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                at += 1
            found[match.group(1), path] = members(text[match.end():at - 1])
    return found


def members(body):
    while True:  # inner structs, unions and enums
        inner = re.sub(r"\{[^{}]*\}", " ", body)
        if inner == body:
            break
        body = inner
    count = 0
    for line in re.sub(r"^\s*#.*$", "", body, flags=re.M).split(";"):
        if line.strip():
            outside = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", re.sub(r"\([^()]*\)", "", line))
            count += 1 + outside.count(",")
    return count


def writers(sources, struct):
    """The .c files that assign to a member of such a struct through a variable of theirs."""
    found = set()
    for path in sources.of_src():
        text = sources.text[path]
        names = set(re.findall(r"(?<!const )(?:struct )?\b%s\s*\*\s*(?:const\s+)?(\w+)\s*[,)=;]" % struct, text))
        if any(re.search(r"(?<![.>\w])%s->[\w.\[\]>-]+?\s*(?:[-+|&*/^]?=(?!=)|\+\+|--)" % name, text) for name in names):
            found.add(path)
    return found


def check_circles(graph):
    failed, largest = [], collections.defaultdict(int)
    for circle in circles(graph):
        name = folder(circle[0])
        largest[name] = max(largest[name], len(circle))
        if len(circle) <= max(CIRCLE_MAX, CIRCLES_LEFT.get(name, 0)):
            continue
        failed.append("a circle of %d rooms, at most %d may be: %s" % (len(circle), max(CIRCLE_MAX, CIRCLES_LEFT.get(name, 0)), " ".join(circle)))
        for a in circle:
            for b in circle:
                if b in graph[a]:
                    failed.append("    %s -> %s: %s" % (a, b, " ".join(sorted(graph[a][b])[:6])))
    for name, most in CIRCLES_LEFT.items():
        if largest[name] < most:
            print("CIRCLES_LEFT can be shorter: the largest circle of src/%s has %d rooms" % (name, largest[name]))
    return failed


def check_arrows(root, graph):
    sees = may_see(root)
    failed = []
    for a in sorted(graph):
        for b in sorted(graph[a]):
            below = sees.get(folder(a), set()) | ({folder(a)} if "#" in graph[a][b] else {folder(a)} | ON_TOP.get(folder(a), set()))
            if folder(b) not in below:
                failed.append("%s may not reach up to %s: %s" % (a, b, " ".join(sorted(graph[a][b]))))
    for name, below in sorted(sees.items()):
        failed += ["src/%s and src/%s see each other" % (name, other) for other in sorted(below) if name in sees.get(other, ())]
        failed += ["src/%s may not see src/%s, which stands on top" % (name, other) for other in sorted(below & set(ON_TOP))]
    return failed


def check_structs(sources):
    failed, largest = [], collections.defaultdict(int)
    for (name, path), count in sorted(structs(sources).items()):
        largest[name] = max(largest[name], count)
        if name in STRUCTS_OWNED:
            owner = STRUCTS_OWNED[name]
            others = writers(sources, name) - {"src/%s.c" % owner}
            failed += ["struct %s (%s) is %s's, and written to by %s" % (name, path, owner or "the program", other) for other in sorted(others)]
        elif count > max(FIELDS_MAX, STRUCTS_LEFT.get(name, 0)):
            failed.append("struct %s (%s) has %d fields, at most %d may be" % (name, path, count, max(FIELDS_MAX, STRUCTS_LEFT.get(name, 0))))
    for name, most in STRUCTS_LEFT.items():
        if largest[name] < most:
            print("STRUCTS_LEFT can be shorter: struct %s has %d fields" % (name, largest[name]))
    for name in STRUCTS_OWNED:
        if largest[name] <= FIELDS_MAX:
            failed.append("struct %s has no more than %d fields now: take it from STRUCTS_OWNED" % (name, FIELDS_MAX))
    return failed


def numbers(root):
    """folder -> how many rooms it has, its largest circle, and its two largest structs"""
    sources = Sources(root)
    found = collections.defaultdict(lambda: [0, 1, "-"])
    for name in {room(path) for path in sources.of_src()}:
        found[folder(name)][0] += 1
    graph = arrows(sources)
    for circle in reversed(circles(graph)):
        found[folder(circle[0])][1] = len(circle)
    for name, row in found.items():
        big = sorted(((count, struct) for (struct, path), count in structs(sources).items() if path.startswith("src/%s/" % name)), reverse=True)
        row[2] = ", ".join("`%s` %d" % (struct, count) for count, struct in big[:2])
    return found, len([line for line in check_arrows(root, graph) if "reach up" in line])


def words(root, before):
    """The table of docs/architecture.md."""
    (then, up_then), (now, up_now) = numbers(before), numbers(root)
    print("| folder | files before | now | largest circle before | now | largest structs before, with their fields | now |\n|---|---|---|---|---|---|---|")
    for name in sorted(set(then) | set(now)):
        old, new = then.get(name, ["-", "-", "-"]), now.get(name, ["-", "-", "-"])
        print("| `%s` | %s | %s | %s | %s | %s | %s |" % (name, old[0], new[0], old[1], new[1], old[2], new[2]))
    print("\nArrows that lead up: %d before, %d now." % (up_then, up_now))


def main():
    root = sys.argv[1]
    sources = Sources(root)
    graph = arrows(sources)
    if len(sys.argv) > 3:
        words(root, sys.argv[3])
        return 0
    failed = check_circles(graph) + check_arrows(root, graph) + check_structs(sources)
    print("\n".join(failed) if failed else "%d rooms" % len({room(path) for path in sources.of_src()}))
    return 1 if failed else 0


sys.setrecursionlimit(10000)
sys.exit(main())
