#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/docs --check finds what it is there for: a copy of the headers, their pages and a test, with one thing broken at a time. Usage: reference_says.py ROOT"""
import os
import shutil
import subprocess
import sys
import tempfile

# what, file, a text in it, what stands there in its place, and what the check says
BROKEN = [
    ("nothing", "include/crtc/rtp.h", "", "", None),
    ("a function without a comment", "include/crtc/stats.h", "/* Its name in this report and in all others of the connection. */\n", "\n", "function rtc_stats_id has no comment"),
    ("a type without a comment", "include/crtc/rtp.h", "/* RTCRtpTransceiverInit. */\n", "", "type rtc_rtp_transceiver_init has no comment"),
    ("a member without words", "include/crtc/media.h", "/* pixels, 1 to 16384 */", "", "member width of rtc_video_frame_options has no words"),
    ("a value without words", "include/crtc/data_channel.h", "/* messages may be sent */", "", "value RTC_DATA_CHANNEL_OPEN has no words"),
    ("no owner", "include/crtc/loop.h", " * Owner: ", " * Of: ", 'rtc_loop, which has the page loop, does not say "Owner:"'),
    ("no thread", "include/crtc/transport.h", " * Thread: the connection's.\n", "", 'rtc_packet, which has the page packet, does not say "Thread:"'),
    ("no errors of a function", "include/crtc/rtp.h", " * Errors: RTC_ERR_TYPE (receiver is NULL), RTC", " * RTC", "rtc_rtp_receiver_request_keyframe does not list its errors"),
    ("an error that a test sees", "tests/api/x.c", "", "assert_int_equal(rtc_rtp_sender_replace_track(s, f(g(1))), RTC_ERR_ABORT);\n", "rtc_rtp_sender_replace_track returns RTC_ERR_ABORT in tests/api/x.c"),
    ("a page of before", "include/crtc/base.h", "One English sentence", "A sentence", "docs/reference/errors.md is not what the headers say"),
    ("a page by hand", "docs/reference/loop.md", "# rtc_loop", "# The loop", "docs/reference/loop.md is not what the headers say"),
    ("a page too many", "docs/reference/other.md", "", "# other", "docs/reference/other.md is not what the headers say"),
    ("no example", "examples/pages.c", "page_packet(", "packet(", "examples/pages.c has no page_packet()"),
    ("a name of no page", "include/crtc/base.h", "rtc_version(void);", "rtc_vision(void);", "rtc_vision on no page"),
    ("another folder below", "src/rtp/CMakeLists.txt", "SEES base media", "SEES base sdp media", "docs/rooms.svg is not what the build says"),
]


def main():
    source, failed = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as root:
        for name in ("include", "docs/reference"):
            shutil.copytree(os.path.join(source, name), os.path.join(root, name))
        names = ["scripts/docs", "examples/pages.c", "docs/rooms.svg", "tests/api/api_errors.c"]
        names += ["src/%s/CMakeLists.txt" % name for name in os.listdir(os.path.join(source, "src")) if os.path.isdir(os.path.join(source, "src", name))]
        for name in names:
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            shutil.copy(os.path.join(source, name), os.path.join(root, name))
        # Whether the pages are those of today's headers is for the test `reference` to say: these are.
        subprocess.run([sys.executable, os.path.join(root, "scripts/docs")], stdout=subprocess.DEVNULL, check=True)
        for what, name, old, new, wanted in BROKEN:
            path = os.path.join(root, name)
            before = open(path, encoding="utf-8").read() if os.path.exists(path) else None
            if before is None or old:
                if before and old not in before:
                    print("%s: %s has no '%s'" % (what, name, old))
                    failed = 1
                with open(path, "w", encoding="utf-8") as file:
                    file.write(before.replace(old, new, 1) if before else new)
            said = subprocess.run([sys.executable, os.path.join(root, "scripts/docs"), "--check"], capture_output=True, text=True, check=False)
            if (said.returncode != 0) != bool(wanted) or (wanted or "") not in said.stdout:
                print("%s: %s\n%s%s" % (what, "wanted: " + wanted if wanted else "wanted nothing", said.stdout, said.stderr))
                failed = 1
            if before is None:
                os.remove(path)
            else:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(before)
    return failed


sys.exit(main())
