"""PadChest: 160,000 radiographs of Hospital San Juan, Alicante, as 16-bit PNG files.

Bustos et al. 2020, "PadChest: A large chest x-ray image dataset with multi-label
annotated reports", Medical Image Analysis 66:101797, https://arxiv.org/abs/1901.07441;
https://bimcv.cipf.es/bimcv-projects/padchest/. PadChest Dataset Research Use Agreement:
nothing of it may be passed on. No count was checked, so none is expected.

Reports were labelled with a tree of 174 findings and 19 diagnoses, about 27 % by
physicians, the rest by a network: `source` tells which. What a report lists is present;
all else is absent, but unknown where the report says `unchanged` (whatever was there
before) or `suboptimal study`, unless it says `normal`. `exclude` and the 103 rows
without labels tell nothing. Names of the tree are matched whole: `emphysema` is not
`subcutaneous emphysema`. Branches stand for their stem where they mean it, ALSO for
more than one; `tuberculosis sequelae` leave tuberculosis unknown.

Traps:
    Pictures have 16 bits and lie in 50 folders `ImageDir`, or all in one.
    Whether the PNG of a MONOCHROME1 original is inverted is told nowhere: the check
    `inverted` looks. About 21 files are lacking or damaged.
    `Projection` PA holds some laterals. COSTAL views are of ribs, and unknown here.
    Children are among them: `Pediatric` says so, and often the year of birth, which
    makes an age here, right to a year, and is not kept.
"""

import logging
from pathlib import Path

import pandas as pd

from workflow_scripts.ingest import person
from workflow_scripts.ingest.datasets import Facts, Source
from workflow_scripts.ingest.publishers import answers, report_words
from workflow_scripts.ingest.publishers.label_table import ages, column, read_table
from workflow_scripts.ingest.publishers.matching import by_stem, stem

TABLES = {
    "labels": (
        "PADCHEST_chest_x_ray_images_labels_160K_*.csv",
        "PADCHEST_chest_x_ray_images_labels_160K_*.csv.gz",
        "*/PADCHEST_chest_x_ray_images_labels_160K_*.csv",
        "*/PADCHEST_chest_x_ray_images_labels_160K_*.csv.gz",
    ),
}
WORDS = {
    "normal": "no_finding",
    "air trapping": "air_trapping",
    "atelectasis": "atelectasis",
    "atelectasis basal": "atelectasis",
    "laminar atelectasis": "atelectasis",
    "lobar atelectasis": "atelectasis",
    "round atelectasis": "atelectasis",
    "segmental atelectasis": "atelectasis",
    "total atelectasis": "atelectasis",
    "bronchiectasis": "bronchiectasis",
    "consolidation": "consolidation",
    "air bronchogram": "consolidation",
    "COPD signs": "copd",
    "pulmonary edema": "edema",
    "emphysema": "emphysema",
    "pulmonary fibrosis": "fibrosis",
    "asbestosis signs": "fibrosis",
    "post radiotherapy changes": "fibrosis",
    "granuloma": "granuloma",
    "calcified granuloma": "granuloma",
    "infiltrates": "infiltration",
    "alveolar pattern": "infiltration",
    "interstitial pattern": "infiltration",
    "ground glass pattern": "infiltration",
    "miliary opacities": "infiltration",  # codespell:ignore miliary
    "reticular interstitial pattern": "infiltration",
    "reticulonodular interstitial pattern": "infiltration",
    "cavitation": "lung_cavity",
    "cyst": "lung_cyst",
    "mass": "mass",
    "pulmonary mass": "mass",
    "nodule": "nodule",
    "multiple nodules": "nodule",
    "pneumonia": "pneumonia",
    "atypical pneumonia": "pneumonia",
    "tuberculosis": "tuberculosis",
    "costophrenic angle blunting": "costophrenic_angle_blunting",
    "pleural effusion": "effusion",
    "empyema": "effusion",
    "hemothorax": "effusion",
    "loculated fissural effusion": "effusion",
    "loculated pleural effusion": "effusion",
    "flattened diaphragm": "flattened_diaphragm",
    "hemidiaphragm elevation": "hemidiaphragm_elevation",
    "hiatal hernia": "hernia",
    "pleural thickening": "pleural_thickening",
    "apical pleural thickening": "pleural_thickening",
    "calcified pleural thickening": "pleural_thickening",
    "pneumothorax": "pneumothorax",
    "hydropneumothorax": "pneumothorax",
    "aortic atheromatosis": "aortic_atheromatosis",
    "aortic elongation": "aortic_elongation",
    "aortic button enlargement": "aortic_elongation",
    "ascendent aortic elongation": "aortic_elongation",
    "descendent aortic elongation": "aortic_elongation",
    "supra aortic elongation": "aortic_elongation",
    "cardiomegaly": "cardiomegaly",
    "pulmonary artery enlargement": "enlarged_pulmonary_artery",
    "hilar enlargement": "hilar_enlargement",
    "vascular hilar enlargement": "hilar_enlargement",
    "mediastinal shift": "mediastinal_shift",
    "clavicle fracture": "clavicle_fracture",
    "fracture": "fracture",
    "humeral fracture": "fracture",
    "vertebral fracture": "fracture",
    "rib fracture": "rib_fracture",
    "callus rib fracture": "rib_fracture",
    "kyphosis": "kyphosis",
    "scoliosis": "scoliosis",
    "artificial aortic heart valve": "support_devices",
    "artificial heart valve": "support_devices",
    "artificial mitral heart valve": "support_devices",
    "catheter": "support_devices",
    "central venous catheter": "support_devices",
    "central venous catheter via jugular vein": "support_devices",
    "central venous catheter via subclavian vein": "support_devices",
    "central venous catheter via umbilical vein": "support_devices",
    "chest drain tube": "support_devices",
    "dai": "support_devices",
    "dual chamber device": "support_devices",
    "electrical device": "support_devices",
    "endotracheal tube": "support_devices",
    "NSG tube": "support_devices",
    "pacemaker": "support_devices",
    "reservoir central venous catheter": "support_devices",
    "single chamber device": "support_devices",
    "tracheostomy tube": "support_devices",
}
EXPECTED: dict[str, int] = {}

ALSO = {  # a word that means another finding too, by the publisher's tree
    "consolidation": "infiltration",
    "air bronchogram": "infiltration",
    "hydropneumothorax": "effusion",
    "pulmonary artery enlargement": "hilar_enlargement",
    "clavicle fracture": "fracture",
    "rib fracture": "fracture",
    "callus rib fracture": "fracture",
}
BLURRED = {"tuberculosis sequelae": "tuberculosis"}  # a word that leaves it unknown
PROJECTIONS = {"PA": "PA", "AP": "AP", "AP_horizontal": "AP", "L": "LATERAL"}
WHO = [  # what is said of the reports is long, and not read
    *("ImageID", "PatientID", "StudyID", "PatientSex_DICOM", "Projection"),
    *("StudyDate_DICOM", "PatientBirth", "Pediatric"),
]

log = logging.getLogger(__name__)


def facts(source: Source) -> Facts:
    """Return who and what each picture is.

    Raises:
        InputError: if the table is damaged or lists none of the files.
    """
    path = answers.needed(source, TABLES["labels"])
    table = read_table(path, columns=WHO)
    names = column(table, "ImageID", path)
    years = _years(table, path)
    if lost := int((years.isna() & (column(table, "Pediatric", path) == "PED")).sum()):
        log.warning("%s: %d pictures of children of unknown age", path.name, lost)
    frame = answers.facts(
        by_stem(names, source),
        path.name,
        image_name=names.map(stem),
        patient=column(table, "PatientID", path),
        study=column(table, "StudyID", path),
        view_position=column(table, "Projection", path).map(PROJECTIONS),
        sex=column(table, "PatientSex_DICOM", path).map(person.sex),
        age_years=years,
    )
    return Facts(frame=frame, patients="table")


def said(source: Source) -> pd.DataFrame:
    """Return what each report lists, 1, denies, 0, or leaves open, NaN.

    Raises:
        InputError: as `facts` does.
    """
    path = answers.needed(source, TABLES["labels"])
    table = read_table(path, columns=["ImageID", "Labels", "MethodLabel"])
    lists = report_words.lists(column(table, "Labels", path), path)
    found = report_words.findings(lists, WORDS, ALSO, BLURRED)
    files = by_stem(column(table, "ImageID", path), source)
    who = column(table, "MethodLabel", path).str.lower().str.partition("_")[0]
    who = who.map({"physician": ": physician", "rnn": ": rnn"}).fillna("")
    return answers.said(files, found, path.name + who)


def _years(table: pd.DataFrame, path: Path) -> "pd.Series[float]":
    """Return the age that the years of study and birth make."""
    year = column(table, "StudyDate_DICOM", path).str[:4]
    born = column(table, "PatientBirth", path).str[:4]
    age = pd.to_numeric(year, errors="coerce") - pd.to_numeric(born, errors="coerce")
    return ages(age.astype(str).fillna(""))
