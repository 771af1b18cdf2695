"""One vocabulary of findings, whatever a publisher calls them.

A finding is what a reader sees or concludes. Adapters map each publisher's word to one
of these names only where it means the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a name of ours means, and its codes where they are sure."""

    meaning: str  # for readers of the report
    snomed: str | None = None  # SNOMED CT concept; None where we are not sure
    radlex: str | None = None  # RadLex id, likewise


FINDINGS = {
    "no_finding": Finding("No finding"),
    # lung
    "air_trapping": Finding("Air trapping"),
    "atelectasis": Finding("Atelectasis", snomed="46621007", radlex="RID28493"),
    "bacterial_pneumonia": Finding("Bacterial pneumonia", snomed="53084003"),
    "bronchiectasis": Finding("Bronchiectasis", snomed="12295008"),
    "bronchiolitis": Finding("Bronchiolitis", snomed="4120002"),
    "bronchitis": Finding("Bronchitis", snomed="32398004"),
    "bronchopneumonia": Finding("Bronchopneumonia"),
    "congenital_emphysema": Finding("Congenital lobar emphysema"),
    "consolidation": Finding("Consolidation", snomed="95436008", radlex="RID43255"),
    "copd": Finding("Chronic obstructive pulmonary disease", snomed="13645005"),
    "covid_19": Finding("COVID-19", snomed="840539006"),
    "cpam": Finding("Congenital pulmonary airway malformation"),
    "edema": Finding("Pulmonary edema", snomed="19242006", radlex="RID4866"),
    "emphysema": Finding("Pulmonary emphysema", snomed="87433001", radlex="RID4799"),
    "fibrosis": Finding("Pulmonary fibrosis", snomed="51615001"),
    "fungal_pneumonia": Finding("Fungal pneumonia"),
    "granuloma": Finding("Granuloma"),
    "hyaline_membrane_disease": Finding("Hyaline membrane disease"),
    "infiltration": Finding("Infiltration"),
    "interstitial_lung_disease": Finding(
        "Interstitial lung disease", snomed="233703007"
    ),
    "lung_cavity": Finding("Cavity of the lung"),
    "lung_cyst": Finding("Cyst of the lung"),
    "lung_lesion": Finding("Lung lesion"),
    "lung_opacity": Finding("Lung opacity"),
    "lung_tumor": Finding("Tumor of the lung"),
    "mass": Finding("Mass of the lung", radlex="RID39056"),
    "nodule": Finding("Nodule of the lung", radlex="RID50149"),
    "nodule_or_mass": Finding("Nodule or mass of the lung"),
    "pneumonia": Finding("Pneumonia", snomed="233604007", radlex="RID5350"),
    "tuberculosis": Finding("Pulmonary tuberculosis", snomed="154283005"),
    "viral_pneumonia": Finding("Viral pneumonia", snomed="75570004"),
    # pleura and diaphragm
    "costophrenic_angle_blunting": Finding("Blunted costophrenic angle"),
    "diaphragmatic_hernia": Finding("Diaphragmatic hernia", snomed="39839004"),
    "effusion": Finding("Pleural effusion", snomed="60046008", radlex="RID34539"),
    "flattened_diaphragm": Finding("Flattened diaphragm"),
    "hemidiaphragm_elevation": Finding("Elevated hemidiaphragm"),
    "hernia": Finding("Hernia seen on a chest radiograph"),
    "pleural_other": Finding("Pleural abnormality other than effusion"),
    "pleural_thickening": Finding("Pleural thickening"),
    "pleuropneumonia": Finding("Pleuropneumonia"),
    "pneumothorax": Finding("Pneumothorax", snomed="36118008", radlex="RID5352"),
    # heart, vessels and mediastinum
    "aortic_atheromatosis": Finding("Atheromatosis of the aorta"),
    "aortic_elongation": Finding("Elongation of the aorta"),
    "aortic_enlargement": Finding("Enlargement of the aorta"),
    "cardiomegaly": Finding("Cardiomegaly", snomed="8186001"),
    "enlarged_cardiomediastinum": Finding("Enlarged cardiomediastinum"),
    "enlarged_pulmonary_artery": Finding("Enlarged pulmonary artery"),
    "hilar_enlargement": Finding("Enlarged hilum"),
    "mediastinal_shift": Finding("Mediastinal shift"),
    "mediastinal_tumor": Finding("Tumor of the mediastinum"),
    "situs_inversus": Finding("Situs inversus"),
    # bones, devices and the rest
    "calcification": Finding("Calcification", radlex="RID5196"),
    "clavicle_fracture": Finding("Fracture of the clavicle", snomed="58150001"),
    "fracture": Finding("Fracture", snomed="125605004", radlex="RID4650"),
    "kyphosis": Finding("Kyphosis"),
    "other_disease": Finding("Disease outside the publisher's list"),
    "other_lesion": Finding("Lesion outside the publisher's list"),
    "rib_fracture": Finding("Fracture of a rib", snomed="33737001"),
    "scoliosis": Finding("Scoliosis", snomed="298382003"),
    "support_devices": Finding("Support devices"),
}
