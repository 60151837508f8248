"""The sentences of all problems, by code.

Each problem has two parts: what is wrong (no full stop), and how to mend it (whole sentences, may be empty).
`{rows:samples}` is a number and what it counts: 1 sample, 2 samples.
"""

from __future__ import annotations

_EARLIER = "It was left as it is; open a backup or an earlier copy."

SENTENCES: dict[str, tuple[str, str]] = {
    # connecting
    "unknown-block": ("There is no block {id} here", "Choose a block of this drawing."),
    "unknown-port": ("{block} has no port {port}", "Its ports are {known}."),
    "port-side": (
        "The port {port} of {block} is an {side}, but a wire {does} there",
        "Draw wires from an output to an input.",
    ),
    "direction": ("Two {side}s cannot be joined", "Draw the wire from an output to an input."),
    "occupied": ("{block} already receives {port} from “{source}”", "Replace that wire, or use an Add or Concat."),
    "already-connected": ("{block} already receives {port} from there", "Nothing to do."),
    "cycle": (
        "This wire would close a loop through {block}",
        "A network without recurrence runs in one direction; choose an input upstream of it.",
    ),
    "cycle-over-time": (
        "This wire would close a loop through {block} within one time step",
        "Lead the loop through a Delay, which gives what came in one step before.",
    ),
    "another-body": (
        "A wire cannot cross the border of a container",
        "Add an Entry or Exit inside it and wire to its port.",
    ),
    "input-in-body": (
        "An Input stands outside of containers",
        "Add it to the outermost drawing and wire it in through an Entry.",
    ),
    "boundary-at-root": ("{block} belongs inside a container", "Enter a container first."),
    "delay-outside": (
        "{block} stands outside of time: no Recurrent runs this drawing step by step",
        "Put it into the body of a Recurrent.",
    ),
    "delay-bypass": (
        "{block} cannot be bypassed: a loop would have no Delay",
        "Switch it on again, or give the loop another Delay.",
    ),
    "delay-shape": (
        "The shape of what {block} holds back cannot be told: its loop never meets a tensor of known shape",
        "Add something in the loop that comes from an Entry.",
    ),
    "delay-differs": (
        "{block} gives {first} but would receive {second}",
        "Give what comes in the shape that the loop began with.",
    ),
    "delay-time": (
        "{block} holds back values of a fixed size but receives {received}",
        "Reduce the second axis of time before it.",
    ),
    "recurrent-inputs": (
        "{block} has no time to run over",
        "Give its body at least one Entry, and wire a sequence to it.",
    ),
    "loss-over-time": (
        "{block} stands inside a Recurrent, where losses are not added up",
        "Lead what it compares out through an Exit.",
    ),
    "unfold": ("{block} cannot be drawn unfolded: {reason}", ""),
    "inside-steps": (
        "{block} runs once for each time step inside “{container}”, so its values cannot be shown by themselves",
        "Wire it to an Exit of “{container}” and look at that.",
    ),
    "nested": ("{block} would stand more than {limit:containers} deep", "Put it further out."),
    "bypass": ("{block} cannot be bypassed: {reason}", "Bypass needs an output of the same shape as the input."),
    "weights-owner": ("{block} cannot use the weights of “{owner}”", "{reason}"),
    "not-blocks": ("The clipboard cannot be pasted: {reason}", "Copy blocks of a drawing first."),
    "id-taken": ("There is already a block with the id {id}", "Draw a new id."),
    # parameters
    "parameter-unknown": ("{block} has no parameter {parameter}", "It has {known}."),
    "parameter-type": ("{label} of {block} must be {expected}, not {value}", ""),
    "parameter-range": ("{label} of {block} is {value}, out of range: {range}", "Give it a value in range."),
    "parameter-choice": ("{label} of {block} cannot be {value}", "Choose one of {choices}."),
    "parameter-spelling": ("{label} of {block} cannot be {value}", "Choose {nearest}. Also possible: {others}."),
    "formula": ("{label} of {block} cannot be computed: {reason}", "Write a number or a formula such as 64 * 2**i."),
    "variable": ("The project variable {variable} cannot be used: {reason}", "Give it a number or a formula."),
    # shapes
    "rank": ("{block} expects {expected} but receives {received}{source}", "{hint}"),
    "channels": ("{block} expects {expected} but receives {received}{source}", "{hint}"),
    "dtype": ("{block} expects {expected} but receives {received}{source}", "{hint}"),
    "together": ("{block} cannot work so: {reason}", "{hint}"),
    "shapes-differ": (
        "{block} takes tensors of one shape but receives {first} and {second}",
        "Give both branches the same shape, for example by a 1×1 convolution.",
    ),
    "time-differs": (
        "{block} joins sequences of one length but receives {first} and {second}",
        "Let both branches pad and stride alike.",
    ),
    "concat-differ": (
        "{block} joins tensors that agree in all other axes but receives {first} and {second}",
        "Give the branches the same size in the axes that are not joined.",
    ),
    "window": (
        "{block} slides a window of {window} but receives only {received}{source}",
        "Use a smaller window, or pad.",
    ),
    "prediction-target": (
        "{block} compares {expected} but receives a prediction {received} and a target {target}",
        "{hint}",
    ),
    "module": ("{block} refuses its {received}: {reason}", "Check its parameters."),
    # the user's own Python
    "code-not-allowed": (
        "The Python file {file} (SHA-256 {hash}…) may not run: what is in it now was not allowed",
        "Read it, then allow it in the inspector of its block, or give the command --allow-code.",
    ),
    "code-folder": ("{file} cannot be found: the project has no folder yet", "Save the project beside the file."),
    "code-missing": ("There is no Python file {file} in {folder}", "Put it there, beside the project."),
    "code-file": ("{file} cannot be used: {reason}", "Check the file."),
    "code-import": ("{file}, line {line}: the file cannot be imported ({reason})", "Mend the file."),
    "code-definition": ("{file} defines no {definition}", "It defines {known}."),
    "code-kind": ("{file}, line {line}: {definition} {kind}", "Name a class with a forward, or a function."),
    "code-weights": (
        "{file}, line {line}: {definition} has weights and a backward of its own, which would give them no gradients",
        "Leave the backward out, or write a torch.autograd.Function that the class calls.",
    ),
    "code-failed": ("{file}, line {line}: {reason}", ""),
    "code-outputs": (
        "{file}, line {line}: {definition} gives {given} where the block has {count}: {wanted}",
        "Return as many tensors as there are names under Outputs.",
    ),
    "code-gradients": (
        "{file}, line {line}: the backward of {definition} gives {given}",
        "Return a gradient of the same shape, or None, for each input.",
    ),
    "code-backward": (
        "{file}, line {line}: the backward of {definition} is wrong, its worst error {error}: the gradient of {input} "
        "at [{place}] is {gradient}, but the slope of forward there is {slope}",
        "Both were computed in float64 on small random inputs; mend backward or forward.",
    ),
    "code-left": (
        "{folder} already holds another {file}, which was left as it is",
        "The project there runs that one; copy yours by hand if it should not.",
    ),
    "export-own": (
        "{block} runs {file}, which a written file cannot import under that name",
        "Call it as a Python module is called, such as my_block.py.",
    ),
    "residual": (
        "{block} adds its input {received} to its body’s result {result}",
        "Choose the projection, or let the body keep the shape.",
    ),
    "gated": (
        "{block} mixes its input {received} with its body’s result {result}",
        "Let the body keep the shape.",
    ),
    # the drawing
    "empty": ("The drawing is empty", "Drag an Input onto the canvas, or start from an example."),
    "unknown-type": (
        "{block} is of the type {type}, which this version does not know",
        "It is kept as it is; open the project with the version that made it, or delete the block.",
    ),
    "input-open": ("{block} receives nothing at {port}", "Wire an output to it."),
    "no-target": ("{block} has no target", "Wire the labels or values of an Input to {port}."),
    "promise": ("{block} cannot read the field “{field}”", "Write it as image: 1×8×8 float32, or label: 10 classes."),
    "no-fields": ("{block} has no fields", "Choose a dataset for it."),
    "loops": ("{block} stands on a loop", "Remove one of the wires between them."),
    "no-loss": ("Nothing tells the network what to learn", "Add a loss and wire the prediction and the target to it."),
    "no-loss-energy": ("There is no loss", "Train “{name}” by contrastive divergence, or add a loss."),
    "code-apart": (
        "{block} reads a code that is not made from its input",
        "Wire what the encoder reads to input, and what it makes of that to code.",
    ),
    "no-gradient": (
        "No gradient reaches a weight: what the losses read does not depend on any smoothly",
        "Look for a block between them that passes no gradient on.",
    ),
    "two-classes": ("{block} tells two classes apart, but its target has {classes}", "{hint}"),
    "too-few-rows": (
        "{block} has rows for {rows} of {classes:classes} only",
        "Each class needs a row of its own.",
    ),
    "too-few-labels": (
        "{block} has label units for {rows} of {classes:classes} only",
        "Each class needs a unit of its own.",
    ),
    "places-elsewhere": (
        "{block} makes maps of {made}, but its places come from “{pool}”, which looked at {before}",
        "Give it the window, stride and padding of that pool, or wire what went into the pool to its size.",
    ),
    "nothing-trains": ("No block has weights that may change", "Unfreeze a block, or add one that learns."),
    "no-dataset": ("{block} has no dataset", "Choose one in the Dataset menu of the inspector."),
    "unknown-dataset": ("There is no dataset {dataset} on this machine", "{hint}"),
    "dataset-field": (
        "{block} promises {promised}, but the dataset {dataset} gives {given}",
        "Choose the dataset again.",
    ),
    "rows-differ": (
        "{first} has {first_rows:rows} and {second} has {second_rows}",
        "Inputs that train together need equally many.",
    ),
    "too-few-outputs": (
        "{block} gets {outputs:numbers} a sample for {classes:classes}",
        "Give the last layer {classes:units}.",
    ),
    "spare-outputs": (
        "{block} gets {outputs:numbers} a sample for {classes:classes} only",
        "No sample is ever of the others; give the last layer {classes:units}.",
    ),
    "batch-norm-single": (
        "{block} normalises over a single value: the {which} batch has one sample",
        "Choose another batch size.",
    ),
    "batch-size": ("A batch of {batch} is larger than the {rows:samples} to train on", "Choose at most {rows}."),
    "not-connected": ("{block} is connected to no loss", "Its weights will not learn."),
    "softmax-twice": (
        "{block} already takes the softmax of its input",
        "Remove “{source}” before it; the loss is exact without.",
    ),
    "sigmoid-twice": (
        "{block} already takes the sigmoid of its input",
        "Remove “{source}” before it; the loss is exact without.",
    ),
    "linear-chain": (
        "{block} follows the dense “{source}” directly",
        "Two dense layers in a row are one; put an activation between.",
    ),
    "dead-branch": ("{block} leads to no loss", "Nothing uses what it computes; wire it on or remove it."),
    "unread-output": ("Nothing reads {port} of {block}", "Wire it on, or leave it out."),
    "too-deep-plain": (
        "{layers:layers} with weights follow one another without a skip or a normalisation",
        "Gradients may vanish on the way; add Residual blocks or batch norm.",
    ),
    # the plan
    "stage-block": (
        "Stage {stage} trains the block {id}, which is not in the drawing",
        "Choose another block or remove the stage.",
    ),
    "stage-kind": (
        "Stage {stage} trains {block} by contrastive divergence, but it is no Boltzmann machine",
        "Choose an RBM, a convolutional RBM or a deep Boltzmann machine.",
    ),
    "stage-input": ("{block} learns from values between 0 and 1, but receives {received}", "Scale the data to 0…1."),
    "no-stages": ("The plan has no stages", "Add a supervised stage."),
    "setting-range": ("{label} is {value}, out of range: {range}", "Give it a value in range."),
    "setting-unknown": (
        "There is no setting {setting}",
        "Use a path such as plan.batch_size=32 or a block’s name and parameter.",
    ),
    "initialiser": ("There is no initialiser {name}{whose}", "Choose one of {known}."),
    "initialiser-argument": ("{start}, by which the {whose} starts, has no argument {argument}", "{hint}"),
    "optimiser": ("There is no optimiser {name}", "Choose one of {known}."),
    "device": ("The device {device} is not on this machine", "Choose one of {known}."),
    # running
    "id-beyond": (
        "The run failed{block_words}: a label or token id is larger than there are rows for it",
        "Ids count from 0. Give the block more rows.",
    ),
    "nan-at-once": (
        "Loss is NaN from the first step on{block_words}",
        "No learning rate changes that; look at the values that come in.",
    ),
    "nan-loss": ("Loss became NaN at epoch {epoch}, step {step}{block_words}", "Try a learning rate of {rate}."),
    "out-of-memory": ("The {device} ran out of memory at a batch of {batch}", "Try a batch of {half}."),
    "run-failed": ("The run failed: {reason}", "{hint}"),
    "measure-failed": ("This cannot be shown: {reason}", "The run goes on."),
    "unsent": (
        "This could not be handed to the training process: {reason}",
        "Look for it in the drawing, its settings and the folders of its data.",
    ),
    "worker-died": (
        "The training process ended unexpectedly{reason}",
        "Your drawing is safe. Start it again: a run goes on from its last checkpoint, if it had one.",
    ),
    # measuring
    "bypassed": ("{block} is bypassed: it passes on what comes in", "Choose Use again in its menu and press Run."),
    "no-curve": (
        "{block} has no curve",
        "Only what acts on each number by itself, alike in all channels, has one.",
    ),
    "no-filters": ("{block} has no filters to show", "Choose a convolution, a dense block or an RBM."),
    "not-in-network": ("The network does not have this block yet", "Press Run to train it as it is drawn now."),
    "no-output": ("{block} gives nothing that can be shown", "Choose a block that passes values on."),
    "no-pictures": ("{block} brings no pictures", "Choose a dataset with pictures."),
    "not-finite": (
        "{block} gives values that are no numbers any more",
        "Reset the weights and lower the learning rate.",
    ),
    "too-large": (
        "{block} gives values that are too large to draw",
        "Reset the weights and lower the learning rate.",
    ),
    "boundary": (
        "A decision boundary needs a network that reads two numbers, but this one reads {received}",
        "Use a two-dimensional dataset such as moons.",
    ),
    # files
    "file-missing": ("There is no file {file}", "Check the name and the folder."),
    "file-unreadable": ("{file} cannot be read: {reason}", "Check the file’s permissions."),
    "not-a-project": ("{file} is not a Tensorloom project", "Choose a .loom file."),
    "damaged": ("{file} is damaged: {reason}", "The file was left as it is; open a backup or an earlier copy."),
    "file-empty": ("{file} is empty", "Open a backup or an earlier copy."),
    "file-cut-short": ("{file} is cut short", "It was left as it is; copy or download it again."),
    "file-too-large": ("{file} holds more than it may: {part} unpacks to over {limit} MB", _EARLIER),
    "file-part": ("{file} is damaged: {part} does not match its checksum or its header", _EARLIER),
    "file-json": ("{file} is damaged: {reason}", _EARLIER),
    "file-block": ("{file} is damaged: the block {id} cannot be read ({reason})", _EARLIER),
    "file-key-twice": ("{file} is damaged: {id} stands twice in one place", _EARLIER),
    "file-id-twice": ("{file} is damaged: two blocks have the id {id}", _EARLIER),
    "file-wire-end": ("{file} is damaged: a wire ends at the block {id}, which is not there", _EARLIER),
    "file-wire-twice": ("{file} is damaged: two wires lead to the port {target} of {block}", _EARLIER),
    "file-body": ("{file} is damaged: {block} has blocks inside but is no container", _EARLIER),
    "file-loop": ("{file} is damaged: {block} stands on a loop", _EARLIER),
    "newer": (
        "{file} was made by a newer version of Tensorloom (format {version}, this one reads {known})",
        "Update Tensorloom; the file was left as it is.",
    ),
    "too-deep": ("{file} nests containers more than {limit} deep", _EARLIER),
    "disk-full": (
        "{file} could not be saved: the disk is full",
        "Free some space and save again; the file on disk is unchanged.",
    ),
    "download-lost": (
        "The download stopped: the training process ended",
        "Start it again and press Download; it goes on where it stopped.",
    ),
    "export-lost": ("{file} was not written: the training process ended", "Start it again and export once more."),
    "not-opened": ("{file} cannot be opened: this system has no program for it", "Open it by hand."),
    "state-folder": (
        "{folder}, where Tensorloom keeps unsaved work, cannot be used: {reason}",
        "Set TENSORLOOM_STATE_FOLDER to a folder that can be written.",
    ),
    "save-failed": ("{file} could not be saved: {reason}", "Save to another place; the file on disk is unchanged."),
    "training-kept": ("{fault}", "The trained project is kept as {kept}."),
    "training-lost": ("{fault}", "Nothing of this training is kept."),
    "recovered": (
        "The window ended unexpectedly last time",
        "Your drawing is back as it was then, its last second perhaps left out.",
    ),
    "put-aside": ("An unsaved drawing was open last time", "It is kept under File, Open recent."),
    "no-trash": ("{file} could not be moved to the trash, and is still kept", "Delete it in {folder}."),
    "no-weights": ("{file} holds no trained weights", "Train it first."),
    "no-field-input": ("{file} cannot be used as input: {reason}", "{hint}"),
    "extra-missing": (
        "{what} needs {packages}, which are not installed",
        'Install them with pip install "tensorloom[{extra}]".',
    ),
    "source": ("{block} cannot be written as Python: {reason}", "Take the Delay out of it, or unfold the drawing."),
    "onnx": ("The network cannot be written as ONNX: {reason}", "Export it as Python."),
    "onnx-differs": (
        "The ONNX file differs from the program by {difference}, more than it may, and was not kept",
        "Export it as Python.",
    ),
    "file-there": ("There is already a file {file}", "Choose another name, or delete that file first."),
    "no-folder": ("{file} could not be saved: there is no folder {folder}", "Make the folder, or choose another."),
    "example": ("There is no example {name}", "Choose one of {known}."),
    "picture": (
        "{file} cannot be painted: {reason}",
        "Tidy the drawing, or move its blocks closer together.",
    ),
    "qt": (
        "The window’s library Qt cannot load ({reason})",
        "On Debian and Ubuntu install: libgl1 libegl1 libglib2.0-0 libxkbcommon0 libfontconfig1 libdbus-1-3.",
    ),
    # data
    "idx-missing": (
        "The folder {folder} holds no {file}",
        "Choose the folder with the four IDX files, packed (.gz) or not.",
    ),
    "idx-short": ("{file} is cut short: {received:bytes} where {expected} were expected", "Download it again."),
    "idx-damaged": ("{file} is damaged: {reason}", "Download it again."),
    "idx-format": ("{file} is not an IDX file", "Choose the original MNIST files."),
    "idx-rows": ("{images} holds {image_rows:pictures} but {labels} holds {label_rows:labels}", "Download both again."),
    "dataset-changed": (
        "{name} on this machine is not the data that this project was made with",
        "Choose the dataset again to use what is here.",
    ),
    "offline": (
        "{name} could not be downloaded: {reason}",
        "Check the connection and download again; what has arrived is kept.",
    ),
    "checksum": ("The download of {file} arrived damaged", "It was deleted; download again."),
    "not-downloadable": ("{name} is not a dataset that can be downloaded", "Choose one of {known}."),
    "split": ("The split {split}{whose} leaves no samples for {part}", "Give every part some."),
}
