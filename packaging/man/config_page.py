#!/usr/bin/env python3
"""Writes hailo-clip.yaml(5) to stdout: packaging/hailo-clip.yaml, whose comments are the one description of every key, as
a manual page."""

import pathlib
import re

CONFIG = pathlib.Path(__file__).resolve().parents[1] / "hailo-clip.yaml"


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def entries(lines):
    """(section, key, default, description) of every key; a comment before a key counts as well as one behind it."""
    section, before = "", []
    for line in lines:
        if match := re.match(r"([a-z_]+):\s*(?:#\s*(.*))?$", line):
            section, before = match[1], []
            yield section, "", "", match[2] or ""
        elif match := re.match(r"  ([a-z_]+):\s*(\S.*?)\s*(?:\s#\s*(.*))?$", line):
            yield section, match[1], match[2], " ".join([*before, match[3] or ""]).strip()
            before = []
        elif match := re.match(r"  #\s*(.*)$", line):
            before.append(match[1])


def main():
    print('.TH HAILO-CLIP.YAML 5 "" "hailo-clip" "File Formats"')
    print(".SH NAME\nhailo\\-clip.yaml \\- configuration of hailo\\-clip\n.SH SYNOPSIS\n.I /etc/hailo/hailo\\-clip.yaml")
    print(".SH DESCRIPTION\nSections of keys, in YAML. A key that is left out has its default, which is the value given "
          "here unless its text says otherwise. A key that is not known is an error:\n.B hailo\\-clip config check\n"
          "names the line.\n.B systemctl reload hailo\\-clip\ntakes over what a running service can take over, and says "
          "in the log what needs a restart.")
    for section, key, default, text in entries(CONFIG.read_text(encoding="utf-8").splitlines()):
        if not key:
            print(f".SS {section}")
            if text:
                print(escaped(text))
        else:
            print(f".TP\n.BR {escaped(key)} \": {escaped(default).replace(chr(34), chr(34) * 2)}\"\n{escaped(text)}")
    print(".SH SEE ALSO\n.BR hailo\\-clip (1)")


if __name__ == "__main__":
    main()
