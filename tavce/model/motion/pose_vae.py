"""Audio to pose: what is heard and a style -> how the head moves, by a conditional variational autoencoder.

Source: Zhang et al., "SadTalker", CVPR 2023 (OpenTalker/SadTalker@cd4c046, src/audio2pose_models/).
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from tavce.model.motion.exp_net import audio_trunk
from tavce.model.motion.pose_blocks import PoseDiscriminator, PoseUNet


@dataclass(frozen=True)
class PoseVaeConfig:
    """The size of a `PoseVae`.

    Attributes:
        width: factor on the channels of the audio encoder; 1.0 is the official network.
        unet: channels of the four levels of each U-net.
        hidden: channels between the layers of encoder and decoder.
        latent: length of the latent vector.
        styles: number of people whose manner was learnt.
        frames: of one piece, a multiple of 8.
        values: per pose: 3 angles and 3 of translation.
        heard: numbers to which the sound of a frame is reduced.
        discriminator: channels of the discriminator's three layers.
        variance_head: "means" as released: the layer of the means gives the logarithm of the variance too, and
            ``linear_logvar`` idles, in every published file; a VAE whose variance is tied to its mean. "own" uses
            ``linear_logvar``; choose it for training anew. It is of no account at inference, which samples z.
    """

    width: float
    unet: tuple[int, int, int, int]
    hidden: int
    latent: int
    styles: int
    frames: int
    values: int
    heard: int
    discriminator: tuple[int, int, int]
    variance_head: Literal["means", "own"]


PAPER = PoseVaeConfig(
    width=1.0,
    unet=(32, 64, 128, 256),
    hidden=128,
    latent=64,
    styles=46,
    frames=32,
    values=6,
    heard=6,
    discriminator=(256, 512, 1024),
    variance_head="means",
)
TINY = PoseVaeConfig(
    width=0.25,
    unet=(16, 16, 32, 32),
    hidden=64,
    latent=16,
    styles=1,
    frames=32,
    values=6,
    heard=6,
    discriminator=(32, 64, 64),
    variance_head="own",
)


class Posterior(NamedTuple):
    """A normal distribution of the latent vector, independent in each place."""

    mean: Float[Tensor, "batch latent"]
    log_variance: Float[Tensor, "batch latent"]


class PoseEncoder(nn.Module):
    """True motion, sound and style -> where its latent vector lies."""

    def __init__(self, config: PoseVaeConfig, features: int) -> None:
        super().__init__()
        self.variance_head = config.variance_head
        self.classbias = nn.Parameter(torch.randn(config.styles, config.latent))
        self.resunet = PoseUNet(config.unet)
        inputs = config.values + config.frames * (config.values + config.heard) + config.latent
        self.MLP = nn.Sequential()
        self.MLP.add_module("L0", nn.Linear(inputs, config.hidden))
        self.MLP.add_module("A0", nn.ReLU())
        self.linear_means = nn.Linear(config.hidden, config.latent)
        self.linear_logvar = nn.Linear(config.hidden, config.latent)
        self.linear_audio = nn.Linear(features, config.heard)

    def forward(
        self,
        motion: Float[Tensor, "batch frames values"],
        heard: Float[Tensor, "batch frames features"],
        reference: Float[Tensor, "batch values"],
        style: Int[Tensor, " batch"],
    ) -> Posterior:
        """Return the posterior of a motion, given as differences to the reference pose."""
        moved, sound = self.resunet(motion).flatten(1), self.linear_audio(heard).flatten(1)
        hidden = self.MLP(torch.cat([reference, moved, sound, self.classbias[style]], dim=1))
        spread = self.linear_means if self.variance_head == "means" else self.linear_logvar
        return Posterior(self.linear_means(hidden), spread(hidden))


class PoseDecoder(nn.Module):
    """Latent vector, sound and style -> motion."""

    def __init__(self, config: PoseVaeConfig, features: int) -> None:
        super().__init__()
        self.frames = config.frames
        self.classbias = nn.Parameter(torch.randn(config.styles, config.latent))
        self.resunet = PoseUNet(config.unet)
        inputs = config.values + config.latent + config.frames * config.heard
        self.MLP = nn.Sequential()
        self.MLP.add_module("L0", nn.Linear(inputs, config.hidden))
        self.MLP.add_module("A0", nn.ReLU())
        self.MLP.add_module("L1", nn.Linear(config.hidden, config.frames * config.values))
        self.MLP.add_module("sigmoid", nn.Sigmoid())
        self.pose_linear = nn.Linear(config.values, config.values)
        self.linear_audio = nn.Linear(features, config.heard)

    def forward(
        self,
        latent: Float[Tensor, "batch latent"],
        heard: Float[Tensor, "batch frames features"],
        reference: Float[Tensor, "batch values"],
        style: Int[Tensor, " batch"],
    ) -> Float[Tensor, "batch frames values"]:
        """Return the motion as differences to the reference pose."""
        sound = self.linear_audio(heard).flatten(1)
        table = self.MLP(torch.cat([reference, latent + self.classbias[style], sound], dim=1))
        motion: Tensor = self.pose_linear(self.resunet(torch.unflatten(table, 1, (self.frames, -1))))
        return motion


class PoseNets(nn.Module):
    """Encoder and decoder side by side, as the published keys have them."""

    def __init__(self, config: PoseVaeConfig, features: int) -> None:
        super().__init__()
        self.encoder = PoseEncoder(config, features)
        self.decoder = PoseDecoder(config, features)


class AudioTrunk(nn.Module):
    """The audio encoder under the name that the published keys give it."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.audio_encoder, self.features = audio_trunk(width)

    def forward(self, mels: Float[Tensor, "batch frames 1 80 16"]) -> Float[Tensor, "batch frames features"]:
        """Return the features of each window."""
        features: Tensor = self.audio_encoder(mels.flatten(0, 1)).flatten(1)
        return torch.unflatten(features, 0, mels.shape[:2])


class PoseVae(nn.Module):
    """Audio encoder, autoencoder and discriminator."""

    def __init__(self, config: PoseVaeConfig) -> None:
        super().__init__()
        self.config = config
        self.audio_encoder = AudioTrunk(config.width)
        self.netG = PoseNets(config, self.audio_encoder.features)
        self.netD_motion = PoseDiscriminator(config.values, config.discriminator)

    def hear(self, mels: Float[Tensor, "batch frames 1 80 16"]) -> Float[Tensor, "batch frames features"]:
        """Return what is heard at each frame; windows begin two frames before their frame."""
        features: Tensor = self.audio_encoder(mels)
        return features

    def forward(
        self,
        motion: Float[Tensor, "batch frames values"],
        mels: Float[Tensor, "batch frames 1 80 16"],
        reference: Float[Tensor, "batch values"],
        style: Int[Tensor, " batch"],
        noise: Float[Tensor, "batch latent"],
    ) -> tuple[Float[Tensor, "batch frames values"], Posterior]:
        """Return a motion rebuilt from its own posterior, and the posterior: what training compares.

        Args:
            motion: true poses less the reference.
            mels: windows of the same frames.
            reference: pose of the portrait.
            style: number of the person.
            noise: standard normal; makes the sample of the posterior, so that a seed decides it.
        """
        heard = self.hear(mels)
        posterior: Posterior = self.netG.encoder(motion, heard, reference, style)
        latent = posterior.mean + noise * torch.exp(0.5 * posterior.log_variance)
        return self.netG.decoder(latent, heard, reference, style), posterior


def divergence(posterior: Posterior) -> Float[Tensor, ""]:
    """Return the Kullback-Leibler divergence of a posterior from the standard normal in nats, mean over the batch."""
    mean, log_variance = posterior
    terms = mean.square() + log_variance.exp() - 1 - log_variance
    return 0.5 * terms.sum(dim=1).mean()
