"""The built-in studies, by report."""

from paribus.studies import (
    activations,
    augmentation,
    batch_size,
    cifar_layers,
    deep_vs_shallow_mnist,
    depth_to_stall,
    fashion_architectures,
    flatness_interpolation,
    function_fitting,
    gradient_check,
    gradient_norm,
    learning_rate,
    loss_equivalence,
    loss_function,
    minimal_ratio,
    optimization_path,
    parameters_vs_generalization,
    random_labels,
    regularization,
    regularization_small,
    sensitivity,
    vanishing_gradient,
)

ALL = (
    # Report A
    activations.STUDY,
    vanishing_gradient.STUDY,
    regularization.STUDY,
    # Report B
    fashion_architectures.STUDY,
    loss_equivalence.STUDY,
    # Report C
    depth_to_stall.STUDY,
    regularization_small.STUDY,
    gradient_check.STUDY,
    # Report D
    cifar_layers.STUDY,
    batch_size.STUDY,
    learning_rate.STUDY,
    augmentation.STUDY,
    loss_function.STUDY,
    # Report E
    function_fitting.STUDY,
    deep_vs_shallow_mnist.STUDY,
    optimization_path.STUDY,
    gradient_norm.STUDY,
    minimal_ratio.STUDY,
    random_labels.STUDY,
    parameters_vs_generalization.STUDY,
    flatness_interpolation.STUDY,
    sensitivity.STUDY,
)

__all__ = ["ALL"]
