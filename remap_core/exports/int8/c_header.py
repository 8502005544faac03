"""A model in int8 as one C header for microcontrollers, written by emx-onnx-cgen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from remap_core.errors import ExportFailed, MissingPackage
from remap_core.exports.checks.header_child import FUNCTION
from remap_core.exports.finished_model import FinishedModel
from remap_core.exports.int8.quantised_onnx import Int8Form, quantised_onnx
from remap_core.formatting import model_name, pluralize

_HEADER = """\
/* {title}, in int8: {layers}
 *
 * Include this file in one .c file, and link the math library (-lm):
 *
 *     const uint8_t images[1][{channels}][{height}][{width}] = {{...}};  // 0..255, scaled by the code below
 *     float logits[1][{classes}];
 *     {function}(images, logits);  // the class is the index of the largest logit
 *
 * No memory is allocated: what is not const lies on the stack.
 * Classes: {names}
 */
#ifndef REMAP_MODEL_{id}_H
#define REMAP_MODEL_{id}_H

{code}
#endif
"""


def c_header(model: FinishedModel, calibration: NDArray[np.uint8]) -> str:
    """The source of a .h file: weights, and `remap_model`, which takes an image and writes its logits.

    calibration: see `quantised_onnx`. Raises ExportFailed, and MissingPackage without the extra `microcontroller`.
    """
    compiler_module = _compiler_module()
    graph = _single_image(quantised_onnx(model, calibration, Int8Form.OPERATORS))
    options = compiler_module.CompilerOptions(
        model_name=FUNCTION,
        large_temp_threshold_bytes=0,  # never allocate
        large_weight_threshold=0,  # all weights are in the file
    )
    try:
        code = compiler_module.Compiler(options).compile(graph)
    except Exception as error:  # a library's, of any kind
        raise ExportFailed(f"{model_name(model.id)} cannot be written as C: {error}.") from error
    return _header(model, code)


def _compiler_module() -> Any:
    try:
        from emx_onnx_cgen import compiler
    except ImportError:
        raise MissingPackage(
            "A C header needs emx-onnx-cgen, which is not installed: pip install -e '.[microcontroller]'."
        ) from None
    return compiler


def _header(model: FinishedModel, code: str) -> str:
    channels, height, width = model.architecture.input_shape
    return _HEADER.format(
        title=f"{model_name(model.id)} of {model.dataset!a}".replace("*/", "* /"),
        layers=pluralize(model.architecture.parameters, "parameter"),
        channels=channels,
        height=height,
        width=width,
        classes=model.architecture.classes,
        function=FUNCTION,
        names=ascii(list(model.class_names)).replace("*/", "* /"),
        id=model.id,
        code=code,
    )


def _single_image(content: bytes) -> Any:
    """The graph for one image, with the type and shape of every value, which onnx infers for its own operators only."""
    import onnx

    graph = onnx.load_from_string(content)
    del graph.metadata_props[:]  # the generator would repeat what people typed in a comment
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    del graph.graph.value_info[:]
    graph.graph.value_info.extend(_values(graph))
    return graph


def _values(graph: Any) -> list[Any]:
    """The values of the graph between its operators, as running it on one image shows them."""
    from onnx import helper

    from remap_core.exports.onnx_session import onnx_session

    produced = {name for node in graph.graph.node for name in node.output}
    names = sorted(produced - {value.name for value in graph.graph.output})
    shown = type(graph)()
    shown.CopyFrom(graph)
    shown.graph.output.extend([helper.make_empty_tensor_value_info(name) for name in names])
    session = onnx_session(shown.SerializeToString())
    image = np.zeros([dim.dim_value for dim in graph.graph.input[0].type.tensor_type.shape.dim], np.uint8)
    arrays = session.run(names, {graph.graph.input[0].name: image})
    return [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
