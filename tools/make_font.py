"""Make the Chinese chart font of the package out of an unpacked npm package `@fontsource/noto-sans-sc`."""

import io
import json
import sys
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "loanpersona/catalog/fonts/LoanpersonaSansSC-Regular.ttf"
FAMILY = "Loanpersona Sans SC"
POSTSCRIPT = "LoanpersonaSansSC-Regular"
MADE = 3786912000  # 2024-01-01 in seconds since 1904, so that the same input gives the same bytes
DROPPED = ["GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "gasp", "prep"]


def base_characters() -> set[str]:
    """Return GB2312 level 1, the punctuation and full-width forms of Chinese text, and printable ASCII."""
    cells = (bytes([row, cell]) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    hanzi = {char for pair in cells if (char := pair.decode("gb2312", errors="ignore"))}
    ranges = (range(0x20, 0x7F), range(0x3000, 0x3004), range(0x3008, 0x3018), range(0xFF01, 0xFF5F))
    return hanzi | {chr(code) for codes in ranges for code in codes} | set("々〇“”‘’…—·×–−±≤≥¥￥")


def text_characters() -> set[str]:
    """Return the printable characters of the catalogue's YAML files and of the notebooks."""
    texts = [path.read_text("utf-8") for path in (ROOT / "loanpersona/catalog").rglob("*.yaml")]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        texts.append(json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False))
    return {char for text in texts for char in text if char.isprintable()}


def subset(font: TTFont, codes: set[int]) -> io.BytesIO:
    """Return the font file cut down to the given code points, without hinting and layout features."""
    options = Options(hinting=False, layout_features=[], notdef_outline=True, recalc_timestamp=False)
    options.drop_tables += DROPPED
    options.name_IDs = [*range(7), 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font["head"].created = font["head"].modified = MADE
    font.recalcTimestamp = False
    font.flavor = None
    file = io.BytesIO()
    font.save(file)
    file.seek(0)
    return file


def main(package: Path) -> None:
    """Merge the wanted characters of the regular slices, rename the family and write the TTF."""
    wanted = {ord(char) for char in base_characters() | text_characters()}
    slices = (package / "files").glob("noto-sans-sc-*-400-normal.woff")
    parts, missing, units = [], set(wanted), set()
    for path in sorted(slices, key=lambda path: ("chinese-simplified" in path.name, path.name)):
        font = TTFont(path)
        if result := missing & font.getBestCmap().keys():
            units.add(font["head"].unitsPerEm)
            parts.append(subset(font, result))
            missing -= result
    left_out = "".join(map(chr, sorted(missing)))
    if len(units) != 1 or missing & {ord(char) for char in base_characters()}:
        raise SystemExit(f"not usable: units per em {sorted(units)}, characters absent: {left_out}")
    merged = Merger().merge(parts)
    merged["OS/2"].usWeightClass = 400
    for key, name in {1: FAMILY, 3: POSTSCRIPT, 4: f"{FAMILY} Regular", 6: POSTSCRIPT}.items():
        merged["name"].setName(name, key, 3, 1, 0x409)
    TARGET.write_bytes(subset(merged, wanted).getvalue())
    kept = len(wanted - missing)
    print(f"{kept} characters, {TARGET.stat().st_size} bytes; left out: {left_out or 'none'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
