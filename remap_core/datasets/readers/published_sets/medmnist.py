"""MedMNIST's two-dimensional sets with one label an image: addresses, checksums and classes.

They are those of the package medmnist 3.0.2 (Apache-2.0), which is not used: it imports torch, scikit-image and fire.
The images are CC BY 4.0, those of dermamnist CC BY-NC 4.0. Yang et al., MedMNIST v2, Scientific Data 10:41, 2023.
"""

from __future__ import annotations

from typing import NamedTuple

from remap_core.datasets.readers.published_sets.download import Download

_ADDRESS = "https://zenodo.org/records/10519652/files/"
_QUERY = "?download=1"


class MedicalSet(NamedTuple):
    """The MD5 of its .npz file, and the names of the classes 0, 1, ..."""

    md5: str
    class_names: tuple[str, ...]


ORGANS = (
    "bladder",
    "femur-left",
    "femur-right",
    "heart",
    "kidney-left",
    "kidney-right",
    "liver",
    "lung-left",
    "lung-right",
    "pancreas",
    "spleen",
)
MEDICAL: dict[str, MedicalSet] = {
    "pathmnist": MedicalSet(
        "a8b06965200029087d5bd730944a56c1",
        (
            "adipose",
            "background",
            "debris",
            "lymphocytes",
            "mucus",
            "smooth muscle",
            "normal colon mucosa",
            "cancer-associated stroma",
            "colorectal adenocarcinoma epithelium",
        ),
    ),
    "bloodmnist": MedicalSet(
        "7053d0359d879ad8a5505303e11de1dc",
        (
            "basophil",
            "eosinophil",
            "erythroblast",
            "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)",
            "lymphocyte",
            "monocyte",
            "neutrophil",
            "platelet",
        ),
    ),
    "dermamnist": MedicalSet(
        "0744692d530f8e62ec473284d019b0c7",
        (
            "actinic keratoses and intraepithelial carcinoma",
            "basal cell carcinoma",
            "benign keratosis-like lesions",
            "dermatofibroma",
            "melanoma",
            "melanocytic nevi",
            "vascular lesions",
        ),
    ),
    "octmnist": MedicalSet(
        "c68d92d5b585d8d81f7112f81e2d0842",
        (
            "choroidal neovascularization",
            "diabetic macular edema",
            "drusen",
            "normal",
        ),
    ),
    "pneumoniamnist": MedicalSet(
        "28209eda62fecd6e6a2d98b1501bb15f",
        (
            "normal",
            "pneumonia",
        ),
    ),
    "retinamnist": MedicalSet(
        "bd4c0672f1bba3e3a89f0e4e876791e4",
        (
            "0",
            "1",
            "2",
            "3",
            "4",
        ),
    ),
    "breastmnist": MedicalSet(
        "750601b1f35ba3300ea97c75c52ff8f6",
        (
            "malignant",
            "normal, benign",
        ),
    ),
    "tissuemnist": MedicalSet(
        "ebe78ee8b05294063de985d821c1c34b",
        (
            "Collecting Duct, Connecting Tubule",
            "Distal Convoluted Tubule",
            "Glomerular endothelial cells",
            "Interstitial endothelial cells",
            "Leukocytes",
            "Podocytes",
            "Proximal Tubule Segments",
            "Thick Ascending Limb",
        ),
    ),
    "organamnist": MedicalSet("68e3f8846a6bd62f0c9bf841c0d9eacc", ORGANS),
    "organcmnist": MedicalSet("b9ceb9546e10131b32923c5bbeaea2b1", ORGANS),
    "organsmnist": MedicalSet("9ab87b696fb54e2a387ebe992d6ed5f1", ORGANS),
}
"""By the name of the file."""


def medical_download(name: str) -> Download:
    """The file of a set."""
    md5 = MEDICAL[name].md5
    return Download(address=_ADDRESS, files=((f"{name}.npz", md5),), query=_QUERY)
