# SPDX-License-Identifier: Apache-2.0
"""Whether another party's parser finds in a platform's report what `keyclave verify --json` says of it.

    parse_report.py PLATFORM EVIDENCE VERDICT PARSER

VERDICT is the JSON of `keyclave verify`, PARSER the program of parse_report.go. Prints how many facts agree, or what differs,
with status 1.
"""
import json
import subprocess
import sys
import tempfile

import cbor2


def said(fact):
    if isinstance(fact, bool):
        return str(fact).lower()
    return str(fact).removeprefix("hex:")


def main(platform, evidence, verdict, parser):
    with open(evidence, "rb") as file:
        report = cbor2.loads(file.read())["evidence"][1]
    with open(verdict, encoding="utf-8") as file:
        facts = json.load(file)["facts"]
    with tempfile.NamedTemporaryFile() as file:
        file.write(report)
        file.flush()
        run = subprocess.run([parser, platform, file.name], capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit("the parser refuses it: %s" % run.stderr)
    lines = [line.split(" ", 1) for line in run.stdout.splitlines()]
    for name, value in lines:
        if name not in facts:
            raise SystemExit("%s is not told" % name)
        if said(facts[name]) != value:
            raise SystemExit("%s: %s, the parser says %s" % (name, facts[name], value))
    print("%d facts agree" % len(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
