"""Files that pages share: what a script imports is there under the name that the import has when it is served.

Leaves out the headers they are served with (tests/e2e).
"""

import re

from dashboard.web.shared_files import shared_files


def test_an_import_names_what_is_served() -> None:
    files = shared_files()
    served = {file.served_as for file in files.values()}
    imported = re.findall(rb'from "\./([^"]+)"', b"".join(file.content for file in files.values()))
    assert len(imported) >= 2
    assert {name.decode() for name in imported} <= served


def test_what_is_not_a_script_is_served_as_it_is() -> None:
    assert b"svg" in shared_files()["icon.svg"].content
