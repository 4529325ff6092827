"""Fail when a test was skipped for any other reason than missing input from ../shared: skips.py JUNIT_XML"""

import sys
import xml.etree.ElementTree as ElementTree


def unwanted_skips(report: str) -> list[str]:
    """One line per skipped test whose reason does not name ../shared. An expected failure is not a skip."""
    return [
        f"{case.get('classname')}.{case.get('name')}: {skip.get('message')}"
        for case in ElementTree.parse(report).iter("testcase")
        for skip in case.iter("skipped")
        if skip.get("type") != "pytest.xfail" and "../shared" not in f"{skip.get('message')} {skip.text}"
    ]


if __name__ == "__main__":
    if unwanted := unwanted_skips(sys.argv[1]):
        print(*unwanted, sep="\n", file=sys.stderr)
        sys.exit(f"{len(unwanted)} tests were skipped that must run here.")
