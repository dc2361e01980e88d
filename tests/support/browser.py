"""Pages looked at by a browser: what axe-core, dead anchors and the width say of them.

Chromium must be installed, and the environment variable AXE_CORE name the file `axe.min.js` of the npm package
`axe-core`; without both, `missing` says what is not there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

from loanpersona.core.errors import LoanpersonaError
from loanpersona.reports.pdf import find_chromium

ASK = """
axe.run().then(found => {
  const dead = [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href'))
    .filter(href => !document.getElementById(decodeURIComponent(href.slice(1))));
  const root = document.documentElement;
  const broken = found.violations.map(one => one.id + ': ' + one.nodes[0].html.slice(0, 200));
  const said = {broken, dead, wide: root.scrollWidth, room: root.clientWidth};
  parent.postMessage(JSON.stringify(said), '*');
});
"""
FRAME = """<!DOCTYPE html><body><iframe src="looked_at.html" style="width:{width}px;height:900px;border:0"></iframe>
<script>onmessage = said => document.body.replaceChildren(Object.assign(document.createElement('pre'),
{{textContent: said.data}}))</script></body>"""
"""A browser's own window is never as narrow as a phone."""


def missing() -> str:
    """What a look needs and this machine has not; nothing where all is there."""
    if not Path(os.environ.get("AXE_CORE", "")).is_file():
        return "AXE_CORE does not name axe.min.js of the npm package axe-core"
    try:
        find_chromium()
    except LoanpersonaError as fault:
        return str(fault)
    return ""


def looked_at(page: str, folder: Path, *, width: int, dark: bool) -> dict[str, Any]:
    """What a browser of that width says of a page: rules of axe-core that it breaks, dead anchors, its own width.

    The page's content policy would keep axe-core out as well, so it is taken off this copy.
    """
    axe = Path(os.environ["AXE_CORE"]).read_text(encoding="utf-8")
    open_page = re.sub(r"<meta http-equiv=[^>]*>", "", page).replace("</body>", f"<script>{axe}{ASK}</script></body>")
    (folder / "looked_at.html").write_text(open_page, encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width), encoding="utf-8")
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    switches = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1400,1000", scheme]
    command = [find_chromium(), *switches, f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=60000"]
    run = subprocess.run(
        [*command, "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search(r"<body><pre>(.*?)</pre>", run.stdout, re.DOTALL)
    assert found, run.stderr[-2000:]
    result: dict[str, Any] = json.loads(unescape(found[1]))
    return result
