"""Documents of every kind, made by hand; and some that nobody would make who means well."""

import io
import struct
import zipfile
import zlib

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MEBIBYTE = 2**20


def packed(members: dict[str, str | bytes], *, level: int = 6) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx(*paragraphs: str) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    return packed({"word/document.xml": f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'})


def xlsx(rows: list[list[str]], *, sheet: str = "Budget") -> bytes:
    strings = sorted({cell for row in rows for cell in row})
    shared = "".join(f"<si><t>{text}</t></si>" for text in strings)
    cells = "".join(
        f'<row r="{number}">' + "".join(f'<c t="s"><v>{strings.index(cell)}</v></c>' for cell in row) + "</row>"
        for number, row in enumerate(rows, 1)
    )
    return packed(
        {
            "xl/workbook.xml": f'<workbook xmlns="{_S}" xmlns:r="{_R}"><sheets><sheet name="{sheet}" sheetId="1" '
            'r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Target="worksheets/s.xml"/>'
            "</Relationships>",
            "xl/sharedStrings.xml": f'<sst xmlns="{_S}">{shared}</sst>',
            "xl/worksheets/s.xml": f'<worksheet xmlns="{_S}"><sheetData>{cells}</sheetData></worksheet>',
        }
    )


def pptx(*slides: str) -> bytes:
    """Slides whose files are numbered against the order in which they are shown."""
    numbers = range(len(slides), 0, -1)
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n}"/>' for n in numbers)
    relations = "".join(f'<Relationship Id="rId{n}" Target="slides/slide{n}.xml"/>' for n in numbers)
    members: dict[str, str | bytes] = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{_P}" xmlns:r="{_R}"><p:sldIdLst>{ids}</p:sldIdLst>'
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": f"<Relationships>{relations}</Relationships>",
    }
    for number, text in zip(numbers, slides, strict=True):
        members[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld xmlns:p="{_P}" xmlns:a="{_A}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>'
        )
    return packed(members)


def pdf(*pages: str, extra: bytes = b"") -> bytes:
    """A PDF with a line of text on each page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(stream(f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()))
    return assembled([*objects, *([extra] if extra else [])])


def stream(data: bytes, *, declared: bytes = b"") -> bytes:
    packed_data = zlib.compress(data, 9) if not declared else data
    filters = declared or b"/Filter /FlateDecode"
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(packed_data), filters, packed_data)


def assembled(objects: list[bytes]) -> bytes:
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


def pdf_bomb() -> bytes:
    """A page whose content is packed twice, and is a quarter of a gigabyte of blanks."""
    once = zlib.compressobj(9)
    inner = b"".join(once.compress(b" " * MEBIBYTE) for _ in range(256)) + once.flush()
    page = stream(zlib.compress(inner, 9), declared=b"/Filter [/FlateDecode /FlateDecode]")
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>",
            page,
        ]
    )


def endless_pdf() -> bytes:
    """Pages within pages within pages: a tree that is its own branch."""
    return assembled([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 99999 >>"])


def docx_bomb() -> bytes:
    """A quarter of a megabyte that becomes a quarter of a gigabyte."""
    once = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = f'<w:document xmlns:w="{_W}"><w:body>'.encode()
    filler = b"<w:p><w:r><w:t>" + b"a" * MEBIBYTE + b"</w:t></w:r></w:p>"
    size = len(head) + 256 * len(filler)
    data = once.compress(head) + b"".join(once.compress(filler) for _ in range(256)) + once.flush()
    return _zipped(b"word/document.xml", data, size)


def lying_docx() -> bytes:
    """A member that says that it is a thousand bytes long, and is two hundred megabytes."""
    once = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(once.compress(b"<a>" * 349_525) for _ in range(200)) + once.flush()
    return _zipped(b"word/document.xml", data, 1_000)


def _zipped(name: bytes, data: bytes, size: int) -> bytes:
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(data), min(size, 2**32 - 1), len(name), 0)
    local = b"PK\x03\x04" + fields + name + data
    central = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def billion_laughs() -> bytes:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><w:document xmlns:w="{_W}"><w:p><w:t>&l9;</w:t></w:p></w:document>'
    return packed({"word/document.xml": text})


def reading_others(path: str) -> bytes:
    """A document that wants a file of the server's to be put into it."""
    text = (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{path}">]><w:document xmlns:w="{_W}"><w:p><w:t>&e;</w:t></w:p>'
        "</w:document>"
    )
    return packed({"word/document.xml": text})


def wide_sheet() -> bytes:
    """A sheet with far more cells than anybody can have."""
    once = zlib.compressobj(9, zlib.DEFLATED, -15)
    row = b"<row>" + b"<c><v>1</v></c>" * 50_000 + b"</row>"
    sheet = once.compress(f'<worksheet xmlns="{_S}"><sheetData>'.encode())
    sheet += b"".join(once.compress(row) for _ in range(400)) + once.flush()
    whole = xlsx([["a"]])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    del members["xl/worksheets/s.xml"]
    rest = packed(members)
    name, size = b"xl/worksheets/s.xml", 400 * len(row)
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(sheet), size, len(name), 0)
    start = rest.index(b"PK\x01\x02")
    end = rest.index(b"PK\x05\x06")
    central = rest[start:end] + b"PK\x01\x02" + struct.pack("<H", 20) + fields
    central += struct.pack("<HHHII", 0, 0, 0, 0, start) + name
    body = rest[:start] + b"PK\x03\x04" + fields + name + sheet
    count = len(members) + 1
    return body + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(body), 0)
