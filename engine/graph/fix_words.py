"""What all fixes are called, and what is said once they are made, by the edit that they make."""

from __future__ import annotations

FIX_LABELS: dict[str, str] = {
    "insert_between": "Insert {type}",
    "remove_and_heal": "Remove {name}",
    "remove_blocks": "Remove {name}",
    "set_frozen": "Unfreeze {name}",
    "set_parameter": "Set {label} to {value}",
    "connect": "Wire {source} to {target}",
    "replace_wire": "Replace the wire",
    "use_weights_transposed": "Use them transposed",
    "use_own_weights": "Give it weights of its own",
    "set_batch_size": "Use batches of {value}",
    "set_learning_rate": "Try {value}",
    "add_contrastive_divergence": "Train it by contrastive divergence",
    "remove_stage": "Remove the stage",
}

FIX_DONE: dict[str, str] = {
    "insert_between": "Inserted {type}",
    "remove_and_heal": "Removed {name}",
    "remove_blocks": "Removed {name}",
    "set_frozen": "{name} learns again",
    "set_parameter": "{label} is {value} now",
    "connect": "Wired {source} to {target}",
    "replace_wire": "Replaced the wire",
    "use_weights_transposed": "The weights are used transposed now",
    "use_own_weights": "It has weights of its own now",
    "set_batch_size": "Batches have {value} now",
    "set_learning_rate": "The learning rate is {value} now",
    "add_contrastive_divergence": "The plan trains it by contrastive divergence now",
    "remove_stage": "Removed the stage",
}
