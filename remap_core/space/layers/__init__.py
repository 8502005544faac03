"""The layer kinds. A layer is one frozen value with everything about it but its PyTorch module and its exports."""

from remap_core.space.layers.activations import FUNCTION_NAMES, FUNCTIONS, GLYPHS, Activation, Function
from remap_core.space.layers.appearance import Appearance, Glyph, Polyline
from remap_core.space.layers.blocks import InvertedResidual, Residual
from remap_core.space.layers.convolutions import Conv2d, SeparableConv2d
from remap_core.space.layers.dense import Dense
from remap_core.space.layers.kinds import KINDS, layer_from_json, offered_layers
from remap_core.space.layers.layer import Kernel, Layer, Shape
from remap_core.space.layers.node_rules import Group, Mass, NodeRule
from remap_core.space.layers.pooling import AvgPool2d, GlobalAvgPool2d, MaxPool2d
from remap_core.space.layers.regularization import BatchNorm, Dropout

__all__ = [
    "FUNCTIONS",
    "FUNCTION_NAMES",
    "GLYPHS",
    "KINDS",
    "Activation",
    "Appearance",
    "AvgPool2d",
    "BatchNorm",
    "Conv2d",
    "Dense",
    "Dropout",
    "Function",
    "GlobalAvgPool2d",
    "Glyph",
    "Group",
    "InvertedResidual",
    "Kernel",
    "Layer",
    "Mass",
    "MaxPool2d",
    "NodeRule",
    "Polyline",
    "Residual",
    "SeparableConv2d",
    "Shape",
    "layer_from_json",
    "offered_layers",
]
