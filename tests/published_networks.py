"""How many weights the published networks have."""

from __future__ import annotations

PARAMETERS = {
    "lenet-5": 61_706,
    "lenet-5-published": 60_000,
    "alexnet": 60_965_224,
    "alexnet-one-column": 61_100_840,
    "zfnet": 107_627_624,
    "vgg-16": 138_357_544,
    "googlenet": 7_005_832,
    "resnet-18": 11_689_512,
    "resnet-50": 25_557_032,
    "resnet-152": 60_192_808,
    "highway-50": (784 * 50 + 50) + 48 * 2 * (50 * 50 + 50) + (50 * 10 + 10),
    "pilotnet": 252_219,
    "unet": 31_030_593,
    "siamese-convnet": 38_951_745,
    "deep-autoencoder": 2_837_314,
    "deep-autoencoder-tied": 1_420_814,
    "dbn": 1_666_794,
    "vision-transformer": 86_567_656,
}
"""As published, and as the layers of the paper add up; those of the DBN with its visible biases."""
