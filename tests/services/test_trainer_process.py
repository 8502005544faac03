from remap_core.data_folder.folder import DataFolder
from remap_core.services.trainer_process import last_words


def test_the_last_words_of_a_trainer_are_the_sentence_that_it_ended_with(tmp_path):
    folder = DataFolder(tmp_path)
    assert last_words(folder) == ""
    folder.trainer_output.write_text("")
    assert last_words(folder) == ""
    folder.trainer_output.write_bytes(b"\xff" * 5000 + b"\nTraceback\nError: The disk is gone.\n")
    assert last_words(folder) == "The disk is gone."
