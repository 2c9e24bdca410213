#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/packaging/shape.py finds what it is there for: small trees that break one rule each, and one that breaks none. Usage: shape_says.py"""
import os
import subprocess
import sys
import tempfile

SHAPE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shape.py")
OPTIONS = "typedef struct rtc_configuration {\n%s} rtc_configuration;\n" % "".join("    int option_%d;\n" % i for i in range(26))
SOUND = {
    "include/crtc/peer_connection.h": OPTIONS,
    "src/media/CMakeLists.txt": "crtc_module(media SEES base SOURCES a.c)\n",
    "src/base/CMakeLists.txt": "crtc_module(base SOURCES x.c)\n",
    "src/base/x.h": "int x_do(int (*what)(void));\nstruct few {\n    int a, b;\n};\n",
    "src/base/x.c": '#include "x.h"\n\nint x_do(int (*what)(void))\n{\n    return what();\n}\n',
    "src/media/a.h": "int a_do(void);\n",
    "src/media/a.c": '#include "a.h"\n#include "x.h"\n\nint a_do(void)\n{\n    return x_do(a_do);\n}\n',
}


def chain(*calls):
    """Rooms of src/media that each call a function of another, without an include."""
    return {"src/media/%s.c" % a: "int %s_do(void)\n{\n    return %s_do();\n}\n" % (a, b) for a, b in calls}


TREES = [
    ("sound", {}, None),
    ("a circle of three", chain("ab", "bc", "ca"), None),
    ("a circle of four by calls", chain("ab", "bc", "cd", "da"), "a circle of 4 rooms"),
    ("a circle of four by includes", {"src/media/%s.h" % a: '#include "%s.h"\n' % b for a, b in ("ab", "bc", "cd", "da")}, "a circle of 4 rooms"),
    ("a circle in words only", {"src/media/b.c": "/* a_do() */\nint b_do(void)\n{\n    return 'c' + *\"a_do()\";\n}\n", **chain("ab")}, None),
    ("an include upwards", {"src/base/x.h": '#include "a.h"\n'}, "base/x may not reach up to media/a: #"),
    ("a call upwards", {"src/base/x.c": "int x_do(void)\n{\n    return a_do();\n}\n"}, "base/x may not reach up to media/a: a_do"),
    ("a function handed upwards", {"src/base/x.c": "int x_do(void)\n{\n    return later(a_do);\n}\n"}, "base/x may not reach up to media/a: a_do"),
    ("folders that see each other", {"src/base/CMakeLists.txt": "crtc_module(base SEES media SOURCES x.c)\n"}, "see each other"),
    ("a large struct", {"src/media/a.h": "struct large {\n    int a[3], b, (*c)(int, int), d;\n%s};\n" % ("    struct {\n        int x;\n    } y;\n" * 22)},
     "struct large (src/media/a.h) has 26 fields"),
    ("one that just fits", {"src/media/a.h": "struct large {\n    int a[3], b, (*c)(int, int);\n%s};\n" % ("    struct {\n        int x;\n    } y;\n" * 22)}, None),
    ("somebody else's struct", {"src/media/a.c": "int a_do(rtc_configuration *c)\n{\n    c->option_1 = 2;\n}\n"}, "is the program's, and written to by src/media/a.c"),
]


def main():
    failed = 0
    for name, files, wanted in TREES:
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**SOUND, **files}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            said = subprocess.run([sys.executable, SHAPE, root], capture_output=True, text=True, check=False)
        if (said.returncode != 0) != bool(wanted) or (wanted or "") not in said.stdout:
            print("%s: %s\n%s%s" % (name, "wanted: " + wanted if wanted else "wanted nothing", said.stdout, said.stderr))
            failed = 1
    return failed


sys.exit(main())
