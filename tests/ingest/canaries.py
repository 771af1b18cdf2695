"""A folder in which a person's traces stand wherever a file can hold text.

Every place has a word of its own, so that a word found in what a run wrote names the
place that leaked. All DICOM files carry all words of `TAGS` and `PARTS` besides
their own; they are made up, like the pictures.
"""

import base64
import os
import re
import struct
import zipfile
import zlib
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import (
    BasicTextSRStorage,
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from tests.ingest.synthetic import (
    chest,
    compressed,
    dataset,
    dicom_bytes,
    png_bytes,
    write,
)

STEM = "PHICANARY"
BORN = "19010203"  # in a tag that holds nothing but a date
START = 144  # of what follows the length of the meta header


# Tags that hold a text ---------------------------------------------------------------

TEXTS = """
PatientName PatientID IssuerOfPatientID OtherPatientIDs OtherPatientNames
PatientBirthName PatientMotherBirthName PatientAddress PatientTelephoneNumbers
PatientComments AdditionalPatientHistory Occupation MilitaryRank EthnicGroup
PatientReligiousPreference CountryOfResidence RegionOfResidence MedicalRecordLocator
Allergies MedicalAlerts ResponsiblePerson ReferringPhysicianName
ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers PerformingPhysicianName
OperatorsName PhysiciansOfRecord NameOfPhysiciansReadingStudy RequestingPhysician
InstitutionName InstitutionAddress InstitutionalDepartmentName StationName
DeviceSerialNumber ManufacturerModelName SoftwareVersions PlateID DetectorID
AccessionNumber StudyID AdmissionID CurrentPatientLocation PatientState VisitComments
StudyDescription SeriesDescription ProtocolName RequestedProcedureDescription
RequestedProcedureID PerformedProcedureStepDescription PerformedProcedureStepID
ReasonForStudy ImageComments DerivationDescription WindowCenterWidthExplanation
"""
TAGS = TEXTS.split()


def _item(**tags):
    item = Dataset()
    for name, value in tags.items():
        setattr(item, name, value)
    return item


def _within(sequence, keyword, ds, word):
    setattr(ds, sequence, [_item(**{keyword: word})])


def _two_deep(ds, word):
    inner = _item(ValueType="TEXT", TextValue=word)
    outer = _item(CodeMeaning="chest", ProtocolContextSequence=[inner])
    ds.PerformedProtocolCodeSequence = [outer]


def _added(tag, vr, ds, word):
    ds.add_new(tag, vr, word.encode() if vr in {"UN", "OB", "OW"} else word)


def _private_sequence(ds, word):
    item = Dataset()
    item.add_new(0x00110010, "LO", "MAKER")
    item.add_new(0x00111001, "LO", word)
    ds.add_new(0x00091003, "SQ", [item])


def _meta(keyword, ds, word):
    setattr(ds.file_meta, keyword, word)


def _meta_private(ds, word):
    ds.file_meta.PrivateInformationCreatorUID = "1.2.3"
    ds.file_meta.PrivateInformation = word.encode()


def _preamble(ds, word):
    ds.preamble = word.encode().center(128)


PARTS = {
    "code sequence": partial(_within, "ProcedureCodeSequence", "CodeMeaning"),
    "code value": partial(_within, "ViewCodeSequence", "CodeValue"),
    "requested procedure": partial(
        _within, "RequestAttributesSequence", "RequestedProcedureDescription"
    ),
    "other patient ids": partial(_within, "OtherPatientIDsSequence", "PatientID"),
    "referenced study": partial(_within, "ReferencedStudySequence", "StudyDescription"),
    "original attributes": partial(
        _within, "OriginalAttributesSequence", "ModifyingSystem"
    ),
    "structured report": partial(_within, "ContentSequence", "TextValue"),
    "performed protocol, two deep": _two_deep,
    "private creator": partial(_added, 0x00090010, "LO"),
    "private text": partial(_added, 0x00091001, "LO"),
    "private bytes": partial(_added, 0x00091002, "UN"),
    "private sequence": _private_sequence,
    "overlay description": partial(_added, 0x60000022, "LO"),
    "overlay label": partial(_added, 0x60001500, "LO"),
    "overlay comments": partial(_added, 0x60004000, "LT"),
    "overlay data": partial(_added, 0x60003000, "OW"),
    "curve label": partial(_added, 0x50002500, "LO"),
    "curve data": partial(_added, 0x50003000, "OW"),
    "unknown tag": partial(_added, 0x00100FFE, "LO"),
    "padding after the pixels": partial(_added, 0xFFFCFFFC, "OB"),
    "preamble": _preamble,
    "implementation version": partial(_meta, "ImplementationVersionName"),
    "source application": partial(_meta, "SourceApplicationEntityTitle"),
    "private information": _meta_private,
}


def person(seed=0, ds=None, **tags):
    """Return a data set that says all of one person."""
    ds = dataset(chest(seed)) if ds is None else ds
    for keyword in TAGS:
        setattr(ds, keyword, WORDS[f"tag {keyword}"])
    for name, plant in PARTS.items():
        plant(ds, WORDS[f"DICOM {name}"])
    ds.PatientBirthDate = ds.StudyDate = ds.PatientBirthDateInAlternativeCalendar = BORN
    for name, value in tags.items():
        setattr(ds, name, value)
    return ds


def seed_of(word):
    return int(word.removeprefix(STEM))


# Tags that hold a text where none belongs --------------------------------------------

TYPED = """
PatientAge:AS PatientAge:DS PatientSex:CS PatientSex:IS ViewPosition:CS
PhotometricInterpretation:CS BodyPartExamined:CS Modality:CS SOPInstanceUID:UI
StudyInstanceUID:UI SOPClassUID:UI PatientOrientation:CS PresentationIntentType:CS
PresentationLUTShape:CS BurnedInAnnotation:CS SpecificCharacterSet:CS NumberOfFrames:IS
RescaleSlope:DS RescaleIntercept:DS WindowCenter:DS WindowWidth:DS VOILUTFunction:CS
PixelSpacing:DS ImagerPixelSpacing:DS Rows:US Columns:LO BitsAllocated:US BitsStored:LO
HighBit:IS PixelRepresentation:CS SamplesPerPixel:LO PixelPaddingValue:LO
PatientBirthDate:DA PatientID:ZZ PatientName:US IssuerOfPatientID:FD StudyDate:TM
SeriesDescription:AT ModalityLUTSequence:LO VOILUTSequence:CS
"""
ODD = TYPED.split()


def tag_bytes(tag, vr, value):
    form = "<HH2sxxI" if vr in {"UV", "SV", "UN"} else "<HH2sH"
    return struct.pack(form, tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


def _odd(keyword, vr, word):
    """Return a file whose first tag is this one, with a text of that kind."""
    return _first(keyword, vr, word.encode() + b" " * (len(word) % 2), word)


def _first(keyword, vr, value, word, **tags):
    ds = person(seed_of(word), **tags)
    if keyword in ds:
        del ds[keyword]
    data = dicom_bytes(ds)
    start = START + int.from_bytes(data[START - 4 : START], "little")
    return data[:start] + tag_bytes(tag_for_keyword(keyword), vr, value) + data[start:]


def _number(keyword, vr, word):
    """Return a file with a number as large as its kind allows."""
    return _first(keyword, vr, b"\xff" * 8, word, PatientName=word)


def _date(keyword, word):
    return _first(keyword, "DS", BORN.encode(), word, PatientName=word)


# Files -------------------------------------------------------------------------------


def _lut(sequence, word):
    table = np.arange(4096, dtype="<u2").tobytes()
    item = _item(LUTExplanation=word)
    item.add_new(0x00283002, "US", [4096, 0, 12])
    item.add_new(0x00283006, "OW", table)
    return dicom_bytes(person(seed_of(word), **{sequence: [item]}))


def _syntax(word):
    data = dicom_bytes(person(seed_of(word)))
    return data.replace(b"1.2.840.10008.1.2.1\0", word.encode().ljust(20, b"\0"))


def _latin(word):
    name = f"M\xfcller^{word}".encode("latin-1")
    data = dicom_bytes(person(seed_of(word), SpecificCharacterSet="ISO_IR 192"))
    own = WORDS["tag PatientName"].encode()
    return data.replace(tag_bytes(0x00100010, "PN", own), _name(name))


def _name(name):
    return tag_bytes(0x00100010, "PN", name + b" " * (len(name) % 2))


def _twice(word):
    return _odd("PatientID", "LO", word)[:-1] + tag_bytes(0x00100020, "LO", b"P1")


def _two_patients(word):
    data = dicom_bytes(person(seed_of(word)))
    own = tag_bytes(0x00100020, "LO", WORDS["tag PatientID"].encode())
    return data.replace(own, own + tag_bytes(0x00100020, "LO", word.encode()))


def _after(word):
    return dicom_bytes(person(seed_of(word))) + word.encode() * 2


def _cut(further, word):
    data = dicom_bytes(person(seed_of(word), PatientName=word))
    return data[: data.index(word.encode()) + len(word) + further]


def _coded(syntax, word):
    plain = compressed(chest(seed_of(word)), syntax)
    ds = person(ds=plain)
    mark = plain.PixelData.index(b"\xff\xd8") + 2
    length = len(word) + 2
    comment = b"\xff\xfe" + struct.pack(">H", length) + word.encode()
    size = struct.unpack_from("<I", plain.PixelData, mark - 6)[0] + len(comment)
    coded = plain.PixelData[: mark - 6] + struct.pack("<I", size)
    ds.PixelData = coded + b"\xff\xd8" + comment + plain.PixelData[mark:]
    return dicom_bytes(ds)


def _written_as(syntax, word):
    ds = person(seed_of(word), PatientName=word)
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = chest(seed_of(word)).astype(">u2").tobytes()
    ds["PixelData"].VR = "OW"
    return dicom_bytes(ds)


def _bare(word):
    data = dicom_bytes(person(seed_of(word), PatientName=word))
    return data[START + int.from_bytes(data[START - 4 : START], "little") :]


def _object(sop_class, word, **tags):
    ds = person(seed_of(word), SOPClassUID=sop_class, **tags)
    ds.file_meta.MediaStorageSOPClassUID = sop_class
    for keyword in ("PixelData", "Rows", "Columns"):
        del ds[keyword]
    return dicom_bytes(ds)


def _report(word):
    return _object(BasicTextSRStorage, word, TextValue=word)


def _pdf(word):
    document = f"%PDF-1.4 {word}".encode()
    return _object(
        EncapsulatedPDFStorage, word, DocumentTitle=word, EncapsulatedDocument=document
    )


def _directory(word):
    record = _item(DirectoryRecordType="PATIENT", PatientName=word)
    return _object(MediaStorageDirectoryStorage, word, DirectoryRecordSequence=[record])


def _grey(word):
    return chest(seed_of(word), bits=8).astype(np.uint8)


def _png_text(kind, word):
    info = PngInfo()
    if kind == "iTXt":
        info.add_itxt("Comment", word, "en", word)
    else:
        info.add_text("Comment", word, zip=kind == "zTXt")
    return png_bytes(_grey(word), pnginfo=info)


def _chunk(kind, body):
    whole = kind + body
    return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))


def _png_chunk(kind, body, word, *, check=0):
    data = png_bytes(_grey(word))
    chunk = bytearray(_chunk(kind, body(word.encode())))
    chunk[-1] ^= check
    return data[:33] + bytes(chunk) + data[33:]


def _profile(name):
    return name + b"\0\0" + zlib.compress(name * 20)


def _exif(word):
    exif = Image.Exif()
    for tag in (0x010E, 0x013B, 0x9C9D, 0x8298):  # description, artist, author, rights
        exif[tag] = word.encode("utf-16-le") if tag == 0x9C9D else word
    return exif.tobytes()


def _saved(suffix, word, **options):
    made = {name: make(word) for name, make in options.items()}
    return png_bytes(_grey(word), suffix, **made)


def _segment(marker, body, word):
    data = png_bytes(_grey(word), "jpeg")
    whole = body + word.encode() + b"\0"
    return data[:2] + marker + struct.pack(">H", len(whole) + 2) + whole + data[2:]


def _zipped(word):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(f"{word}.dcm", word)
    return stream.getvalue()


FILES = {
    **{f"odd {tag}": partial(_odd, *tag.split(":")) for tag in ODD},
    "rows of 64 bits": partial(_number, "Rows", "UV"),
    "bits stored of 64 bits": partial(_number, "BitsStored", "UV"),
    "several frames": partial(_number, "NumberOfFrames", "SL"),
    "date as spacing": partial(_date, "PixelSpacing"),
    "date as window": partial(_date, "WindowWidth"),
    "modality LUT explanation": partial(_lut, "ModalityLUTSequence"),
    "VOI LUT explanation": partial(_lut, "VOILUTSequence"),
    "transfer syntax": _syntax,
    "name in another character set": _latin,
    "second patient id": _two_patients,
    "second patient id, after the pixels": _twice,
    "text after the data set": _after,
    **{f"cut {n} bytes behind a name": partial(_cut, n) for n in (0, 5, 99, 4000)},
    "JPEG Lossless comment": partial(_coded, "1.2.840.10008.1.2.4.70"),
    "JPEG-LS comment": partial(_coded, "1.2.840.10008.1.2.4.80"),
    "deflated": partial(_written_as, DeflatedExplicitVRLittleEndian),
    "implicit": partial(_written_as, ImplicitVRLittleEndian),
    "big endian": partial(_written_as, ExplicitVRBigEndian),
    "no preamble": _bare,
    "report": _report,
    "document": _pdf,
    "directory": _directory,
    "PNG tEXt": partial(_png_text, "tEXt"),
    "PNG zTXt": partial(_png_text, "zTXt"),
    "PNG iTXt": partial(_png_text, "iTXt"),
    "PNG eXIf": lambda word: _saved("png", word, exif=_exif),
    "PNG profile": partial(_png_chunk, b"iCCP", _profile),
    "PNG physical scale": partial(_png_chunk, b"pCAL", lambda text: text),
    "PNG palette name": partial(_png_chunk, b"sPLT", lambda text: text + b"\0\x08"),
    "PNG unknown chunk": partial(_png_chunk, b"phIx", lambda text: text),
    "PNG unknown critical chunk": partial(_png_chunk, b"PHIX", lambda text: text),
    "PNG bad checksum": partial(_png_chunk, b"tEXt", lambda t: b"a\0" + t, check=1),
    "PNG broken zTXt": partial(_png_chunk, b"zTXt", lambda text: b"a\0\0" + text),
    "PNG bad header": partial(_png_chunk, b"IHDR", lambda text: text),
    "PNG cut": lambda word: _png_text("tEXt", word)[:-30],
    "PNG after its end": lambda word: png_bytes(_grey(word)) + word.encode(),
    "JPEG comment": lambda word: _saved("jpeg", word, comment=str),
    "JPEG EXIF": lambda word: _saved("jpeg", word, exif=_exif),
    "JPEG XMP": lambda word: _saved("jpeg", word, xmp=str.encode),
    "JPEG profile": lambda word: _saved("jpeg", word, icc_profile=str.encode),
    "JPEG IPTC": partial(_segment, b"\xff\xed", b"Photoshop 3.0\0"),
    "JPEG broken EXIF": partial(_segment, b"\xff\xe1", b"Exif\0\0MM"),
    "JPEG broken MPF": partial(_segment, b"\xff\xe2", b"MPF\0"),
    "JPEG unknown segment": partial(_segment, b"\xff\xeb", b""),
    "JPEG bad table": partial(_segment, b"\xff\xdb", b""),
    "JPEG cut": lambda word: _saved("jpeg", word, comment=str)[:-200],
    "JPEG after its end": lambda word: png_bytes(_grey(word), "jpeg") + word.encode(),
    "GIF comment": lambda word: _saved("gif", word, comment=str.encode),
    "TIFF description": lambda word: _saved("tiff", word, description=str),
    "WebP EXIF": lambda word: _saved("webp", word, exif=_exif),
    "text": lambda word: f"Report on {word}, born {BORN}".encode(),
    "text in UTF-16": lambda word: f"Report on {word}".encode("utf-16"),
    "archive": _zipped,
}


# Names -------------------------------------------------------------------------------

NAMES = {  # % stands for the word
    "plain": b"%.dcm",
    "folder": b"%/1.dcm",
    "folder of folders": b"a/%/b/1.dcm",
    "newline": b"new\n%.dcm",
    "quotes": b'\'"%".dcm',
    "dollar": b"$(touch %).dcm",
    "percent": b"100%%25.dcm",
    "space": b" % .dcm",
    "braces": b"{%}{0}.dcm",
    "other bytes": b"\xff\xfe%.dcm",
    "escape": b"\x1b[31m%.dcm",
    "option": b"--%",
    "markup": b"<script>%.dcm",
    "no suffix": b"%",
    "long": b"%" + b"x" * 240,
    "picture": b"%.png",
    "empty file": b"%.empty",
    "damaged file": b"%.broken",
    "pipe": b"%.pipe",
    "link": b"%.link",
}


def _write_named(root, kind, name, word):
    path = os.path.join(os.fsencode(root), name)  # noqa: PTH118
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    if kind == "pipe":
        return os.mkfifo(path)
    if kind == "link":
        target = f"/nowhere/{WORDS['link target']}"
        return Path(os.fsdecode(path)).symlink_to(target)
    content = {
        "picture": lambda: png_bytes(_grey(word)),
        "empty file": lambda: b"",
        "damaged file": lambda: dicom_bytes(person(1))[:900],
    }.get(kind, lambda: dicom_bytes(person(seed_of(word))))
    with open(path, "wb") as file:  # noqa: PTH123
        return file.write(content())


# A label table -----------------------------------------------------------------------

COLUMNS = "file,pid,Set,view,sex,age,Effusion,Report,{column}"
LABELS = {
    "table": "labels.csv",
    "image": "file",
    "patient": "pid",
    "split": "Set",
    "view": "view",
    "sex": "sex",
    "age": "age",
    "findings": {
        "effusion": "Effusion",
        "pneumonia": {"column": "Report", "present": ["yes"], "absent": ["no"]},
    },
}
ROWS = {  # % stands for the word; each line is of a picture of its own
    "patient cell": "{file},%,train,PA,F,40,1,yes,x",
    "patient cell, lower case": "{file},%,test,PA,F,40,0,yes,x",
    "view cell": "{file},A1,,%,F,40,1,no,x",
    "sex cell": "{file},A2,,PA,%,40,1,no,x",
    "age cell": "{file},A3,,PA,M,%,1,no,x",
    "word cell": "{file},A4,,PA,M,41,-1,%,x",
    "unread cell": "{file},A5,,PA,M,41,,no,%",
    "cell of two lines": '{file},A6,,PA,M,41,,no,"line\n%, ""line"""',
    "formula cell": "{file},A7,,PA,M,41,,no,=cmd|%",
    "patient of no picture": "lost.png,%,,PA,M,41,,no,x",
    "picture that is not there": "../../%.png,A8,,PA,M,41,,no,x",
}

PLACES = [
    *(f"tag {keyword}" for keyword in TAGS),
    *(f"DICOM {name}" for name in PARTS),
    *FILES,
    *(f"name: {kind}" for kind in NAMES),
    "link target",
    "name: mask",
    *(f"table: {kind}" for kind in ROWS),
    "table: column",
]
WORDS = {place: f"{STEM}{n:03}" for n, place in enumerate(PLACES, 1)}
NAMED = {WORDS[place] for place in PLACES if place.startswith("name: ")}


def plant(folder):
    """Write `folder/root`, `folder/masks` and `folder/labels.csv`."""
    root = folder / "root"
    write(root / "whole.dcm", person(999))
    for number, (place, make) in enumerate(FILES.items()):
        write(root / f"{number}.file", make(WORDS[place]))
    for kind, name in NAMES.items():
        word = WORDS[f"name: {kind}"]
        _write_named(root, kind, name.replace(b"%", word.encode(), 1), word)
    write(folder / f"masks/{WORDS['name: mask']}.png", png_bytes(_grey(STEM + "1")))
    write(folder / "masks/whole.png", png_bytes(_grey(STEM + "2")))
    lines = [COLUMNS.format(column=WORDS["table: column"])]
    for number, (kind, row) in enumerate(ROWS.items()):
        word = WORDS[f"table: {kind}"]
        write(root / f"row{number}.png", png_bytes(_grey(word)))
        text = word.lower() if "lower" in kind else word
        lines.append(row.replace("%", text).format(file=f"row{number}.png"))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


# What a run wrote --------------------------------------------------------------------


def _spellings(word):
    """Return a pattern of the word in all ways in which it might be written."""
    plain = word.encode()
    cores = []
    for before in range(5):  # base64 spells three bytes at a time, base32 five
        for encode, bits in ((base64.b64encode, 6), (base64.b32encode, 5)):
            coded = encode(b"x" * before + plain)
            core = coded[-(-before * 8 // bits) : (before + len(plain)) * 8 // bits]
            cores += [core, core.lower()] if bits == 5 else [core]
    ways = [plain, *(word.encode(f"utf-16-{end}") for end in ("le", "be"))]
    ways += [plain.lower(), plain.capitalize(), plain.hex().encode(), *cores]
    return b"|".join(map(re.escape, ways))


PATTERN = re.compile(
    b"(?:" + _spellings(STEM) + b"|1901-?02-?03|03[.]02[.]1901).{0,6}", re.DOTALL
)


def spelled(data):
    """List what of the words stands in `data`."""
    if isinstance(data, str):
        data = data.encode(errors="surrogateescape")
    return [found.decode("latin-1") for found in PATTERN.findall(data)]


def _read(path):
    """Return all that a file says: its bytes, and what a table holds packed."""
    data = path.read_bytes()
    if data[:4] == b"PAR1" and data[-4:] == b"PAR1":
        told = pd.read_parquet(path).to_csv(index=False)
        data += told.encode() + str(pq.read_schema(path).metadata).encode()
    return data


def hits(folder, *texts):
    """List where words stand in files below `folder`, their names, and `texts`.

    The private folder alone may hold the names of files.
    """
    found = [("the output", word) for text in texts for word in spelled(text)]
    for path in sorted(folder.rglob("*")):
        words = spelled(os.fsencode(path.relative_to(folder)))
        if path.is_file() and not path.is_symlink():
            words += spelled(_read(path))
        if "private" in path.parts:
            words = [word for word in words if word[: len(STEM) + 3] not in NAMED]
        found += [(str(path.relative_to(folder)), word) for word in words]
    return [f"{place}: {_named(word)}" for place, word in sorted(set(found))]


def _named(word):
    places = {known: place for place, known in WORDS.items()}
    bare = word.replace("\0", "").upper()[: len(STEM) + 3]
    return places.get(bare, word)


def unpacked(folder: Path) -> set[str]:
    """List the places whose word stands in the planted folder as it is."""
    seen = b"".join(
        os.fsencode(path) + (path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    )
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    seen += b"".join(os.fsencode(path.readlink()) for path in links)
    return {place for place, word in WORDS.items() if re.search(_spellings(word), seen)}
