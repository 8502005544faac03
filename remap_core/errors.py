"""One tree of errors. Each carries one sentence that a person can act on; pages and commands show it as it is.

RemapError
├── InvalidArgument          a call with an argument of the wrong type, name or range
├── MissingPackage           an optional package that a call needs
├── InvalidArchitecture      a chain of layers that cannot exist
├── SpaceExhausted           a search space without enough architectures that are asked for
├── InvalidTrial             a training configuration, a result or an edit that cannot be
├── InvalidAnnotation        a note or a tag that cannot be stored
├── InvalidView              an objective, a filter or an axis of the overview that cannot be
├── InvalidPicture           a picture that cannot be drawn, or not written where it shall
├── ExportFailed             a model that cannot be exported, or not written where it shall
├── SettingsError            a setting that is not understood
├── DatasetError             images that cannot be used
├── InvalidDistances         distances that cannot be computed, or that cannot be laid out as a map
├── TrainingFailed           a training that ended without a model
├── TrainingStopped          a training that ended because it was told to
├── CommandRefused           a command that was understood and cannot be carried out
├── UnreadableCommand        a command that was not understood
└── CatalogueError           the data folder or its catalogue
    ├── NotFound             no such trial, data set or command
    ├── NoCatalogue          nothing has been published yet
    ├── NewerSchema          written by a newer version of this software
    ├── FolderInUse          another trainer owns the folder
    └── FolderUnusable       cannot be written, or is full
"""


class RemapError(Exception):
    """The root: whoever shows errors to a person catches this one."""


class RemapWarning(UserWarning):
    """Something that did not stop a call, but that its caller should know."""


class InvalidArgument(RemapError):
    """A call with an argument of the wrong type, name or range; names the rule and the value."""


class MissingPackage(RemapError):
    """An optional package that a call needs and that is not installed; names it."""


class InvalidArchitecture(RemapError):
    """A chain of layers that cannot exist; `index` is the offending layer's (0-based), None for the whole."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


class SpaceExhausted(RemapError):
    """A search space that does not hold as many different architectures as are asked for."""


class InvalidTrial(RemapError):
    """A training configuration, a result or an edit that breaks a rule."""


class InvalidAnnotation(RemapError):
    """A note or a tag that is too long or cannot be stored."""


class InvalidView(RemapError):
    """An objective, a filter or an axis that breaks a rule; names the rule and the value."""


class InvalidPicture(RemapError):
    """A picture that cannot be drawn or written; names the rule and the value."""


class ExportFailed(RemapError):
    """A model that cannot be exported, as its weights are missing or damaged, or that cannot be written."""


class SettingsError(RemapError):
    """A setting whose value is not understood."""


class DatasetError(RemapError):
    """Images or labels that cannot be used; names the file and the rule."""


class InvalidDistances(RemapError):
    """Predictions, distances or places that break a rule; names the rule and the value."""


class TrainingFailed(RemapError):
    """A training that ended without a model; the sentence becomes the FAILED trial's."""


class TrainingStopped(RemapError):
    """A training that was told to stop, and did: the trial did not fail."""


class CommandRefused(RemapError):
    """A command that was understood and cannot be carried out; the reason goes into its receipt."""


class UnreadableCommand(RemapError):
    """A command file that is not a command of a known version and kind."""


class CatalogueError(RemapError):
    """Something about the data folder or the catalogue in it."""


class NotFound(CatalogueError):
    """No such trial, data set or command."""


class NoCatalogue(CatalogueError):
    """Nothing has been published in this data folder yet."""


class NewerSchema(CatalogueError):
    """The catalogue was written by a newer version than this one understands."""


class FolderInUse(CatalogueError):
    """Another trainer owns the data folder."""


class FolderUnusable(CatalogueError):
    """The data folder cannot be created or written, or its disk is full."""
