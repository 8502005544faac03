import json

import torch

from remap_core.training.device_report import survey


def test_the_survey_is_json_and_tells_what_pytorch_has():
    found = json.loads(json.dumps(survey()))
    assert found["torch"] == torch.__version__
    assert len(found["gpus"]) == (torch.cuda.device_count() if torch.cuda.is_available() else 0)
    assert found["instructions"]
