"""One vocabulary of findings, whatever a publisher calls them.

A finding is what a reader sees or concludes. Adapters map each publisher's word to one
of these names only where it means the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a name of ours means, and its codes where they are sure."""

    meaning: str  # for readers of the report
    snomed: str | None = None  # SNOMED CT concept
    radlex: str | None = None  # RadLex id


FINDINGS = {
    "no_finding": Finding("No finding"),
    # lung
    "air_trapping": Finding("Air trapping"),
    "atelectasis": Finding("Atelectasis"),
    "bacterial_pneumonia": Finding("Bacterial pneumonia"),
    "bronchiectasis": Finding("Bronchiectasis"),
    "bronchiolitis": Finding("Bronchiolitis"),
    "bronchitis": Finding("Bronchitis"),
    "bronchopneumonia": Finding("Bronchopneumonia"),
    "congenital_emphysema": Finding("Congenital lobar emphysema"),
    "consolidation": Finding("Consolidation"),
    "copd": Finding("Chronic obstructive pulmonary disease"),
    "covid_19": Finding("COVID-19"),
    "cpam": Finding("Congenital pulmonary airway malformation"),
    "edema": Finding("Pulmonary edema"),
    "emphysema": Finding("Pulmonary emphysema"),
    "fibrosis": Finding("Pulmonary fibrosis"),
    "fungal_pneumonia": Finding("Fungal pneumonia"),
    "granuloma": Finding("Granuloma"),
    "hyaline_membrane_disease": Finding("Hyaline membrane disease"),
    "infiltration": Finding("Infiltration"),
    "interstitial_lung_disease": Finding("Interstitial lung disease"),
    "lung_cavity": Finding("Cavity of the lung"),
    "lung_cyst": Finding("Cyst of the lung"),
    "lung_lesion": Finding("Lung lesion"),
    "lung_opacity": Finding("Lung opacity"),
    "lung_tumor": Finding("Tumor of the lung"),
    "mass": Finding("Mass of the lung"),
    "nodule": Finding("Nodule of the lung"),
    "nodule_or_mass": Finding("Nodule or mass of the lung"),
    "pneumonia": Finding("Pneumonia"),
    "tuberculosis": Finding("Pulmonary tuberculosis"),
    "viral_pneumonia": Finding("Viral pneumonia"),
    # pleura and diaphragm
    "costophrenic_angle_blunting": Finding("Blunted costophrenic angle"),
    "diaphragmatic_hernia": Finding("Diaphragmatic hernia"),
    "effusion": Finding("Pleural effusion"),
    "flattened_diaphragm": Finding("Flattened diaphragm"),
    "hemidiaphragm_elevation": Finding("Elevated hemidiaphragm"),
    "hernia": Finding("Hernia seen on a chest radiograph"),
    "pleural_other": Finding("Pleural abnormality other than effusion"),
    "pleural_thickening": Finding("Pleural thickening"),
    "pleuropneumonia": Finding("Pleuropneumonia"),
    "pneumothorax": Finding("Pneumothorax"),
    # heart, vessels and mediastinum
    "aortic_atheromatosis": Finding("Atheromatosis of the aorta"),
    "aortic_elongation": Finding("Elongation of the aorta"),
    "aortic_enlargement": Finding("Enlargement of the aorta"),
    "cardiomegaly": Finding("Cardiomegaly"),
    "enlarged_cardiomediastinum": Finding("Enlarged cardiomediastinum"),
    "enlarged_pulmonary_artery": Finding("Enlarged pulmonary artery"),
    "hilar_enlargement": Finding("Enlarged hilum"),
    "mediastinal_shift": Finding("Mediastinal shift"),
    "mediastinal_tumor": Finding("Tumor of the mediastinum"),
    "situs_inversus": Finding("Situs inversus"),
    # bones, devices and the rest
    "calcification": Finding("Calcification"),
    "clavicle_fracture": Finding("Fracture of the clavicle"),
    "fracture": Finding("Fracture"),
    "kyphosis": Finding("Kyphosis"),
    "other_disease": Finding("Disease outside the publisher's list"),
    "other_lesion": Finding("Lesion outside the publisher's list"),
    "rib_fracture": Finding("Fracture of a rib"),
    "scoliosis": Finding("Scoliosis"),
    "support_devices": Finding("Support devices"),
}
