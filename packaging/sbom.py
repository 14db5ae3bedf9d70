#!/usr/bin/env python3
"""Writes the SBOM of a built hailo-clip (SPDX 2.3, JSON) to stdout: the program, what is shipped with it, what was
compiled in, and the shared libraries that it loads, each with the Debian package and version of the build.

The same build gives the same bytes: the time is SOURCE_DATE_EPOCH, the document's name holds the program's hash.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Compiled into the program; they leave no trace among the libraries that it needs.
HEADER_ONLY = {"libboost1.83-dev": "BSL-1.0", "libcli11-dev": "BSD-3-Clause"}


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed_libraries(program):
    return sorted(re.findall(r"Shared library: \[([^\]]+)\]", output_of("readelf", "-d", program)))


def debian_package_of(library, architecture):
    """(package, version) that brings `library`; None for one that is no package's."""
    multiarch = output_of("dpkg-architecture", f"-a{architecture}", "-qDEB_HOST_MULTIARCH").strip()
    found = subprocess.run(["dpkg-query", "-S", f"*/{multiarch}/{library}"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return None
    package = found.stdout.split(": ")[0]
    return package.split(":")[0], output_of("dpkg-query", "-W", "-f", "${Version}", package)


def component(name, version, licence, **more):
    identifier = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
    return {"SPDXID": identifier, "name": name, "versionInfo": version, "licenseConcluded": "NOASSERTION",
            "licenseDeclared": licence, "copyrightText": "NOASSERTION", "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, **more}


def debian_component(package, version, licence="NOASSERTION"):
    purl = f"pkg:deb/debian/{package}@{version}"
    return component(package, version, licence, externalRefs=[
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}])


def checksum(path):
    return [{"algorithm": "SHA256", "checksumValue": sha256(path)}]


def components(arguments):
    pinned = re.search(r"^version=(\S+)", (ROOT / "scripts" / "onnxruntime.sh").read_text(), re.MULTILINE)[1]
    starter = ROOT / "models" / "starter"
    shipped = [component("onnxruntime", pinned, "MIT", checksums=checksum(arguments.onnxruntime)),
               component("starter-model", arguments.version, "Apache-2.0", checksums=checksum(starter / "manifest.yaml"))]
    libraries = {debian_package_of(library, arguments.architecture) for library in needed_libraries(arguments.program)}
    loaded = [debian_component(*found) for found in sorted(filter(None, libraries))]
    compiled_in = []
    for package, licence in sorted(HEADER_ONLY.items()):
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", package], capture_output=True, text=True,
                                 check=False).stdout.split("\n")[0]
        if version:
            compiled_in.append(debian_component(package, version, licence))
    return shipped, loaded, compiled_in


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("program", "version", "architecture", "onnxruntime"):
        parser.add_argument(f"--{option}", required=True)
    arguments = parser.parse_args()
    program = component("hailo-clip", arguments.version, "Apache-2.0", checksums=checksum(arguments.program))
    shipped, loaded, compiled_in = components(arguments)
    relationships = [("SPDXRef-DOCUMENT", "DESCRIBES", program["SPDXID"])]
    relationships += [(program["SPDXID"], "CONTAINS", other["SPDXID"]) for other in shipped + compiled_in]
    relationships += [(program["SPDXID"], "DYNAMIC_LINK", other["SPDXID"]) for other in loaded]
    created = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"hailo-clip-{arguments.version}-{arguments.architecture}",
        "documentNamespace": f"urn:hailo-clip:sbom:{sha256(arguments.program)}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: packaging/sbom.py"]},
        "packages": [program, *shipped, *compiled_in, *loaded],
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                          for a, kind, b in relationships],
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
