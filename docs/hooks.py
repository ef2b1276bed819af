"""What the site has beside the files of this folder: pages that stand elsewhere, and notebooks.

Their links are written for a reader of the repository, as are those of all other pages; here they
are turned to where a file is found on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

#: Path in the repository -> path on the site.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "sweep_dask/dataflow/DESIGN.md": "design.md",
    "sweep_dask/matching/RULES.md": "rules.md",
    "sweep_dask/study/DESIGN.md": "study.md",
    **{
        path.relative_to(ROOT).as_posix(): f"notebooks/{path.name}"
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    },
}
_IN_REPOSITORY = {site: path for path, site in ELSEWHERE.items() if site != "index.md"}
_LINK = re.compile(r"\[([^][]*)\]\((?![a-z]+:|#)([^)#\s]+)")
_CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
#: Tables that need the width of the table of contents.
_WIDE = ("configuration.md",)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add what stands elsewhere."""
    for site, path in _IN_REPOSITORY.items():
        files.append(File.generated(config, site, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Turn links to where their files are found on the site, and say titles for names of files."""
    here = page.file.src_uri
    if here in _WIDE:
        page.meta["hide"] = ["toc"]
    folder = posixpath.dirname(_IN_REPOSITORY.get(here, f"docs/{here}"))

    def turned(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, link[2]))
        site = ELSEWHERE.get(path, path.removeprefix("docs/"))
        text = _title(path) if link[1].endswith(".md") else link[1]
        return f"[{text}]({posixpath.relpath(site, posixpath.dirname(here) or '.')}"

    # GitHub wants bars in the code of a table escaped, this Markdown does not.
    unescaped = _CODE.sub(lambda code: code[0].replace("\\|", "|"), markdown)
    return _LINK.sub(turned, unescaped)


def _title(path: str) -> str:
    """The first heading of a page."""
    with (ROOT / path).open(encoding="utf-8") as lines:
        return next(line for line in lines if line.startswith("# "))[2:].strip()
