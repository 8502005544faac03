"""Models as a notebook sees them: tables, frames, predictions, files."""

import numpy as np
import onnxruntime
import pytest
from labs import DATASET

import remap_core as remap
from remap_core.trials.trial import TrialState


@pytest.fixture(scope="module")
def images():
    return remap.datasets.load(DATASET).validation.images


def test_predictions_are_those_that_the_training_recorded(lab, images):
    for model in lab.models[:4]:
        prediction = model.predict(images)
        assert prediction.classes.tolist() == model.evaluation.predictions.tolist()
        assert prediction.probabilities.dtype == np.float32
        assert np.allclose(prediction.probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_prediction_names_its_classes(lab, images):
    prediction = lab.model(1).predict(images[:3])
    assert len(prediction) == 3
    assert prediction.names == [lab.card.class_names[index] for index in prediction.classes]
    assert prediction.confidence.tolist() == prediction.probabilities.max(axis=1).tolist()
    assert repr(prediction) == f"Prediction of 3 images: {', '.join(prediction.names)}"


def test_grey_images_may_leave_their_channel_out(lab, images):
    model = lab.model(1)
    assert model.predict(images[..., 0]).classes.tolist() == model.predict(images).classes.tolist()


def test_an_exported_file_predicts_the_same(lab, images, tmp_path):
    model = lab.model(4)
    path = model.export(tmp_path / "new" / "model.onnx")
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"images": np.ascontiguousarray(images.transpose(0, 3, 1, 2))})
    assert logits.argmax(1).tolist() == model.predict(images).classes.tolist()


@pytest.mark.parametrize("suffix", [".py", ".safetensors", ".json"])
def test_a_model_leaves_in_every_form(lab, tmp_path, suffix):
    assert lab.model(1).export(str(tmp_path / f"model{suffix}")).stat().st_size > 0


def test_the_frame_has_a_row_for_each_model(lab):
    frame = lab.models[:4].to_frame()
    assert frame["model"].tolist() == [1, 2, 3, 4]
    assert frame["layers"].tolist() == [model.text for model in lab.models[:4]]
    assert frame["accuracy"].tolist() == pytest.approx([model.accuracy for model in lab.models[:4]])
    assert (frame["latency_1_ms"] > 0).all()


def test_the_frame_of_arrow_has_the_same_columns(lab):
    assert lab.models.to_frame("pyarrow").column_names == list(lab.models.to_frame().columns)


def test_the_frame_of_polars_has_the_same_columns(lab):
    pytest.importorskip("polars")
    assert lab.models.to_frame("polars").columns == list(lab.models.to_frame().columns)


def test_a_table_of_nothing_is_a_frame_of_nothing(tmp_path):
    lab = remap.open(tmp_path / "new", dataset=DATASET)
    assert len(lab.models.to_frame()) == 0
    assert len(lab.front) == len(lab.queue) == 0


def test_the_front_goes_from_the_smallest_to_the_most_accurate(lab):
    front = lab.front
    assert [model.parameters for model in front] == sorted(model.parameters for model in front)
    assert front[-1].accuracy == max(model.accuracy for model in lab.models)


def test_slices_are_tables_and_negative_positions_count_from_the_end(lab):
    assert isinstance(lab.models[:2], remap.Models)
    assert lab.models[-1] == lab.models[len(lab.models) - 1]
    assert len({*lab.models[:2], lab.models[0]}) == 2


def test_what_is_measured_of_a_model_is_there(lab):
    model = lab.model(2)
    assert model.trial.state is TrialState.COMPLETE
    assert list(model.class_accuracy) == list(lab.card.class_names)
    assert model.evaluation.confusion.sum() == 30
    assert len(model.history) == model.epochs == 1
    assert model.parent is None
    assert model.edits == []


def test_a_comparison_says_it_in_words(lab):
    comparison = lab.compare(lab.model(1), lab.model(2))
    assert repr(comparison) == comparison.sentence
    assert "Model 1" in comparison.sentence
    assert 0 < comparison.p <= 1
    assert comparison.is_noise == (comparison.p >= 0.05)
    assert "parameters" in comparison.costs


@pytest.mark.parametrize("name", ["curves", "confusion", "class_accuracy", "snac"])
def test_every_figure_of_a_model_can_be_read_on_any_ground(lab, name):
    layout = getattr(lab.model(1).plot, name)().to_dict()["layout"]
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert layout["template"]["layout"]["font"]["color"] == "#7a808b"


def test_the_overview_has_a_circle_for_each_model(lab):
    figure = lab.plot.overview(x="latency-1", y="class-0")
    (circles,) = [trace for trace in figure.data if trace.name == "models"]
    assert len(circles.x) == len(lab.models)


def test_two_models_share_their_curves(lab):
    assert len(lab.plot.curves(lab.model(1), lab.model(2)).data) == 8
