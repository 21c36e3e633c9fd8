#!/usr/bin/env python3
"""Holds the dependencies to .deny.toml where cargo-deny is not installed.

Licences, banned crates and sources, offline, of all that is built on any
platform: build and test dependencies too. `cargo tree` and not `cargo metadata`,
which also names what Cargo.lock holds for features that are switched off.
Advisories need their database: `cargo deny check advisories`.
"""

import re
import subprocess
import sys
import tomllib

TREE = [
    "cargo", "tree", "--workspace", "--locked", "--target", "all",
    "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}\t{l}",
]  # fmt: skip


def satisfied(expression, allowed):
    """Whether an SPDX expression can be met with the allowed licences."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def any_of():
        met = all_of()
        while words and words[0] == "OR":
            words.pop(0)
            met = all_of() or met
        return met

    def all_of():
        met = one()
        while words and words[0] == "AND":
            words.pop(0)
            met = one() and met
        return met

    def one():
        word = words.pop(0)
        if word == "(":
            met = any_of()
            words.pop(0)
            return met
        if words and words[0] == "WITH":
            word = f"{word} {words.pop(0)} {words.pop(0)}"
        return word in allowed

    met = any_of()
    if words:
        raise ValueError(f"not a licence expression: {expression}")
    return met


def main():
    with open(".deny.toml", "rb") as file:
        rules = tomllib.load(file)
    with open("Cargo.lock", "rb") as file:
        locked = tomllib.load(file)["package"]
    tree = subprocess.run(TREE, check=True, stdout=subprocess.PIPE, text=True).stdout
    # " (*)" marks a package whose dependencies were printed before
    built = sorted({line.removesuffix(" (*)") for line in tree.splitlines() if line})

    exceptions = {e["crate"]: e["allow"] for e in rules["licenses"]["exceptions"]}
    banned = {ban["crate"]: ban["reason"] for ban in rules["bans"]["deny"]}
    registries = {f"registry+{url}" for url in rules["sources"]["allow-registry"]}

    faults = []
    for line in built:
        package, licence = line.split("\t")
        name = package.split()[0]
        allowed = {*rules["licenses"]["allow"], *exceptions.get(name, [])}
        try:
            if not satisfied(licence, allowed):
                faults.append(f"{package}: licence {licence!r} is not allowed")
        except (IndexError, ValueError):
            faults.append(f"{package}: licence {licence!r} cannot be read")
        if name in banned:
            faults.append(f"{package}: banned ({banned[name]})")
    for package in locked:
        source = package.get("source")
        if source and source not in registries:
            faults.append(f"{package['name']}: source {source} is not allowed")

    print("\n".join(faults) or f"{len(built)} packages: licences, bans and sources hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
