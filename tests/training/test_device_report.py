import json

import torch

from remap_core.training.device_report import survey


def test_the_survey_is_json_with_what_pytorch_finds():
    survey_result = json.loads(json.dumps(survey()))
    assert survey_result["torch"] == torch.__version__
    assert len(survey_result["gpus"]) == (torch.cuda.device_count() if torch.cuda.is_available() else 0)
    assert survey_result["instructions"]
