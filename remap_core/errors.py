"""The tree of errors. Each message is one sentence that a person can act on; pages and commands show it unchanged.

RemapError
├── InvalidArgument          a call with an argument of the wrong type, name or range
├── MissingPackage           an optional package that a call needs
├── InvalidArchitecture      a chain of layers that cannot be built
├── SpaceExhausted           a search space with fewer architectures than requested
├── InvalidTrial             an invalid training configuration, result or edit
├── InvalidAnnotation        a note or tag that cannot be stored
├── InvalidView              an invalid objective, filter or axis of the overview
├── InvalidPicture           a picture that cannot be drawn or written
├── ExportFailed             a model that cannot be exported
├── SettingsError            an invalid setting
├── DatasetError             images or labels that cannot be used
│   └── UnclearColumn        a table of which more than one column could be meant
├── InvalidDistances         distances that cannot be computed or laid out as a map
├── TrainingFailed           a training that ended without a model
├── TrainingStopped          a training that was stopped on request
├── NotSignedIn              a visitor who may not see the page
├── CommandRefused           a command that was understood but cannot be carried out
├── UnreadableCommand        a command that was not understood
│   └── ForgedCommand        a command whose signature is not valid
└── CatalogueError           a problem with the data folder or its catalogue
    ├── NotFound             no such trial, data set or batch
    ├── NoCatalogue          nothing has been published yet
    ├── NoModels             a data set that was added, but that no model was trained on
    ├── NewerSchema          a catalogue written by a newer version
    ├── FolderInUse          a data folder that another trainer works in
    └── FolderUnusable       a data folder that cannot be written or is full
"""


class RemapError(Exception):
    """The root: catch it to show any of these errors to a person."""


class RemapWarning(UserWarning):
    """Something that did not stop a call, but that its caller should know."""


class InvalidArgument(RemapError):
    """A call with an argument of the wrong type, name or range; names the rule and the value."""


class MissingPackage(RemapError):
    """An optional package that a call needs and that is not installed; names it."""


class InvalidArchitecture(RemapError):
    """A chain of layers that cannot be built. index: the offending layer (0-based), None for the whole chain."""

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.index = index


class InvalidSpace(RemapError):
    """A search space, or a file of one, that breaks a rule; names the key, the rule and the value."""


class SpaceExhausted(RemapError):
    """A search space that has fewer different architectures than requested."""


class InvalidTrial(RemapError):
    """A training configuration, a result or an edit that breaks a rule; names the rule and the value."""


class InvalidAnnotation(RemapError):
    """A note or a tag that is too long or cannot be stored."""


class InvalidView(RemapError):
    """An objective, a filter or an axis that breaks a rule; names the rule and the value."""


class InvalidPicture(RemapError):
    """A picture that cannot be drawn or written; names the rule and the value."""


class ExportFailed(RemapError):
    """A model that cannot be exported, because its weights are missing or damaged or the file cannot be written."""


class SettingsError(RemapError):
    """An invalid setting; names the setting, the value and the rule."""


class DatasetError(RemapError):
    """Images or labels that cannot be used; names the file and the rule."""


class UnclearColumn(DatasetError):
    """A table of which more than one column could be meant; a person chooses one of `columns`."""

    def __init__(self, message: str, columns: tuple[str, ...]) -> None:
        super().__init__(message)
        self.columns = columns


class InvalidDistances(RemapError):
    """Predictions, distances or positions that break a rule; names the rule and the value."""


class TrainingFailed(RemapError):
    """A training that ended without a model; the message is stored with the FAILED trial."""


class TrainingStopped(RemapError):
    """A training that was stopped on request; the trial has not failed."""


class NotSignedIn(RemapError):
    """A visitor who may not see the page; the message says why, and is empty for one who has not tried to sign in."""


class CommandRefused(RemapError):
    """A command that was understood but cannot be carried out; the reason goes into its receipt."""


class UnreadableCommand(RemapError):
    """A command file that does not hold a command of a known version and kind."""


class ForgedCommand(UnreadableCommand):
    """A command file with a signature that is not that of the data folder's key."""


class CatalogueError(RemapError):
    """A problem with the data folder or the catalogue in it."""


class NotFound(CatalogueError):
    """No such trial, data set or batch."""


class NoCatalogue(CatalogueError):
    """Nothing has been published in this data folder yet."""


class NoModels(CatalogueError):
    """A data set that was added, but that no model was trained on."""


class NewerSchema(CatalogueError):
    """The catalogue was written by a newer version than this one can read."""


class FolderInUse(CatalogueError):
    """Another trainer works in the data folder."""


class FolderUnusable(CatalogueError):
    """The data folder cannot be created or written, or its disk is full."""
