"""The closed list of what can become of a file, and why.

Excluded means understood and out of scope; quarantined means not to be trusted until
a person has looked. A code is what outside users count by: never rename one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What a code stands for."""

    status: str  # accepted, excluded or quarantined
    meaning: str


def _excluded(meaning: str) -> Reason:
    return Reason(status="excluded", meaning=meaning)


def _quarantined(meaning: str) -> Reason:
    return Reason(status="quarantined", meaning=meaning)


REASONS = {
    "ok": Reason(status="accepted", meaning="a picture to learn from"),
    # understood, and out of scope
    "not_a_file": _excluded("a pipe, socket or device"),
    "not_an_image": _excluded("holds no picture: a table, text, report or index"),
    "other_format": _excluded("a picture in a format that is not read"),
    "lung_mask": _excluded("lies in a folder of masks or other drawings"),
    "bilevel": _excluded("one bit for each pixel: a mask, not a radiograph"),
    "colour": _excluded("true colour"),
    "float_pixels": _excluded("floating-point pixels: a derived map"),
    "multi_frame": _excluded("several frames"),
    "for_processing": _excluded("raw detector values, not for presentation"),
    "other_modality": _excluded("not a radiograph"),
    "other_body_part": _excluded("not a chest, as the header says"),
    "lateral": _excluded("a lateral or oblique view; only frontal ones are wanted"),
    "paediatric": _excluded("younger than 18 years; only adults are wanted"),
    "strip": _excluded("far longer than wide: a calibration strip"),
    "near_copy": _excluded("a kept picture of the same patient, coded anew or resized"),
    "duplicate": _excluded("the same pixels of the same patient as a file kept"),
    # not to be trusted
    "link": _quarantined("a symbolic link; links are not followed"),
    "cannot_open": _quarantined("the system refused it; the detail names the error"),
    "empty": _quarantined("holds no byte"),
    "packed": _quarantined("an archive or compressed file; these are not opened"),
    "unreadable": _quarantined("cannot be read; the detail names the error's class"),
    "truncated": _quarantined("ends before its picture does"),
    "no_pixels": _quarantined("an image's header without pixels"),
    "tags_contradict": _quarantined("header and picture, or two tags, disagree"),
    "depth_unsupported": _quarantined("more bits for each pixel than radiographs have"),
    "decoder_missing": _quarantined("compressed in a way that cannot be read here"),
    "too_large": _quarantined("would take more memory than is allowed"),
    "too_slow": _quarantined("would take more time than is allowed"),
    "reader_died": _quarantined("its reader died of it: made to do harm, or damaged"),
    "uid_invalid": _quarantined("SOP Instance UID is missing or no UID"),
    "uid_reused": _quarantined("two pictures under one SOP Instance UID"),
    "copies_disagree": _quarantined("the same pixels tagged in both polarities"),
    "burned_in": _quarantined("the header says that text is burned into the pixels"),
    "no_contrast": _quarantined("(nearly) the same grey everywhere"),
    "half_empty": _quarantined("a large corner, band or half holds one grey only"),
    "noise": _quarantined("neighbours have nothing in common, or nothing is drawn"),
    "damaged": _quarantined("waves or slipped rows, as a damaged stream leaves them"),
    "inverted": _quarantined("air is bright and bone dark, whatever the tags say"),
    "not_a_chest": _quarantined("does not look like a chest in either polarity"),
    "text": _quarantined("lines of text are burned into the picture"),
    "view_unknown": _quarantined("nothing says whether the view is frontal"),
    "patient_id_missing": _quarantined("neither header nor table tells the patient"),
    "patient_id_placeholder": _quarantined("the patient id is a word such as UNKNOWN"),
    "near_copy_two_patients": _quarantined("nearly the same picture, two patient ids"),
    "same_pixels_two_patients": _quarantined("the same pixels under two patient ids"),
}


class Refused(Exception):
    """A file is not accepted. Never carries a name, a path or a tag's text."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Refuse for the reason `code`, a key of `REASONS`."""
        if code not in REASONS:
            raise ValueError(f"{code!r} is not a reason")
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def status(code: str) -> str:
    """Return what becomes of a file for the reason `code`."""
    return REASONS[code].status
